#include "checkers/simple/queue.h"

#include "checkers/dense_numbers.h"
#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

namespace ordeal {
namespace {

struct QueueItem {
  std::int64_t attempts = 0;  ///< enqueues that may have happened
  std::int64_t certain = 0;   ///< enqueues that did
  std::int64_t dequeues = 0;
  std::optional<OperationRow> enqueue;
  std::optional<OperationRow> dequeue;
};

class TotalQueueRun {
 public:
  explicit TotalQueueRun(const HistoryTable& history) : history_(history) {}

  Finding finish() && {
    for (const char* name : {"lost", "unexpected", "duplicated"}) builder_.count(name, 0);
    for (const OperationRow& operation : history_.operations()) take(operation);
    std::int64_t certain = 0;
    std::int64_t dequeues = 0;
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      judge(i);
      certain += items_[i].certain;
      dequeues += items_[i].dequeues;
    }
    builder_.count("enqueued", certain);
    builder_.count("dequeued", dequeues);
    if (problem_) builder_.give_up(*problem_);
    return std::move(builder_).finish(
        fmt::format("{} enqueued for certain, {} dequeued, none lost", certain, dequeues));
  }

 private:
  QueueItem& item(const Value& value) {
    const std::uint32_t number = numbers_.number(pool_.cell(value).bits);
    if (number == items_.size()) items_.emplace_back();
    return items_[number];
  }

  void take(const OperationRow& operation) {
    const std::string& f = history_.f_text(operation.invoke);
    const OpType outcome = outcome_of(history_, operation);
    if (f == "enqueue" && outcome != OpType::kFail) {
      QueueItem& added = item(argument_of(history_, operation));
      ++added.attempts;
      added.certain += outcome == OpType::kOk ? 1 : 0;
      added.enqueue = operation;
    } else if (f == "dequeue" && outcome == OpType::kOk) {
      dequeue(operation, result_of(history_, operation));
    } else if (f == "drain" && outcome != OpType::kFail) {
      drain(operation, outcome);
    }
  }

  void dequeue(const OperationRow& operation, const Value& value) {
    QueueItem& taken = item(value);
    ++taken.dequeues;
    taken.dequeue = operation;
  }

  void drain(const OperationRow& operation, OpType outcome) {
    const Value result = outcome == OpType::kOk ? result_of(history_, operation) : Value();
    const Value::List* list = result.as_list();
    if (list == nullptr) {
      problem_ = fmt::format(
          "operation {} drained the queue and nobody knows what it got: what is missing may be there",
          operation.invoke);
      return;
    }
    for (const Value& value : *list) dequeue(operation, value);
  }

  void judge(std::uint32_t number) {
    const QueueItem& item = items_[number];
    const std::string value = to_text(pool_.value(Cell{numbers_.word(number)}));
    if (item.attempts == 0) {
      return accuse("unexpected", fmt::format("{} was dequeued, and nobody enqueued it", value), item);
    }
    if (item.dequeues > item.attempts) {
      return accuse(
          "duplicated",
          fmt::format("{} was dequeued {} times and enqueued {} times", value, item.dequeues, item.attempts),
          item);
    }
    if (item.dequeues < item.certain && !problem_) {
      accuse("lost", fmt::format("{} was enqueued and never dequeued", value), item);
    }
  }

  void accuse(std::string_view name, const std::string& why, const QueueItem& item) {
    Witness witness;
    if (item.enqueue) {
      witness.stuck.push_back(
          step_of(*item.enqueue, fmt::format("{} enqueued it", who_and_when(history_, *item.enqueue))));
    }
    if (item.dequeue) {
      witness.stuck.push_back(
          step_of(*item.dequeue, fmt::format("{} dequeued it", who_and_when(history_, *item.dequeue))));
    }
    builder_.accuse(name, std::move(witness), why);
  }

  const HistoryTable& history_;
  FindingBuilder builder_{"total-queue"};
  ValuePool pool_;
  DenseNumbers numbers_;
  std::vector<QueueItem> items_;
  std::optional<std::string> problem_;
};

class TotalQueue final : public Checker {
 public:
  [[nodiscard]] std::string_view name() const override { return "total-queue"; }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return TotalQueueRun(history).finish();
  }
};

}  // namespace

std::unique_ptr<Checker> make_total_queue_checker() {
  return std::make_unique<TotalQueue>();
}

}  // namespace ordeal
