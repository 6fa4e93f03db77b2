#include "checkers/simple/counter.h"

#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace ordeal {
namespace {

/// What a counter may hold at one moment.
struct Bounds {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

/// Sum of two 64-bit numbers; nothing when it does not fit.
std::optional<std::int64_t> sum(std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  if (__builtin_add_overflow(a, b, &out)) return std::nullopt;
  return out;
}

class Counter final : public Checker {
 public:
  [[nodiscard]] std::string_view name() const override { return "counter"; }

  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return Run(history).finish();
  }

 private:
  class Run {
   public:
    explicit Run(const HistoryTable& history) : history_(history), operations_(history.operations()) {
      number_of_.assign(history.size(), UINT32_MAX);
      widest_.resize(operations_.size());
      for (std::uint32_t i = 0; i < operations_.size(); ++i) {
        number_of_[operations_[i].invoke] = i;
        if (operations_[i].completed()) number_of_[operations_[i].complete] = i;
      }
    }

    Finding finish() && {
      builder_.count("out-of-bounds", 0);
      for (std::size_t at = 0; at < history_.size() && !failed_; ++at) {
        const std::uint32_t number = number_of_[at];
        if (number != UINT32_MAX) event(at, number);
      }
      builder_.count("reads", reads_);
      builder_.count("adds", adds_);
      return std::move(builder_).finish(
          fmt::format("{} reads, each between what was added for certain and what may have been", reads_));
    }

   private:
    void event(std::size_t at, std::uint32_t number) {
      const OperationRow& operation = operations_[number];
      const std::string& f = history_.f_text(operation.invoke);
      const bool begins = at == operation.invoke;
      if (f == "add") return add(operation, begins);
      if (f != "read" || outcome_of(history_, operation) != OpType::kOk) return;
      if (begins) {
        // It may have read at any moment while it was open, so the widest bounds count.
        widest_[number] = bounds_;
        open_.push_back(number);
      } else {
        read(operation, number);
      }
    }

    void add(const OperationRow& operation, bool begins) {
      const Value argument = argument_of(history_, operation);
      const std::int64_t* delta = argument.as_int();
      if (delta == nullptr)
        return give_up(
            fmt::format("operation {} adds {}, which is no integer", operation.invoke, to_text(argument)));
      const OpType outcome = outcome_of(history_, operation);
      if (outcome == OpType::kFail) return;
      adds_ += begins ? 1 : 0;
      // From its invocation on it may count, from its success on it does.
      if (begins) {
        move(*delta >= 0 ? bounds_.high : bounds_.low, *delta);
      } else if (outcome == OpType::kOk) {
        move(*delta >= 0 ? bounds_.low : bounds_.high, *delta);
      }
      for (const std::uint32_t reader : open_) {
        widest_[reader].low = std::min(widest_[reader].low, bounds_.low);
        widest_[reader].high = std::max(widest_[reader].high, bounds_.high);
      }
    }

    void move(std::int64_t& bound, std::int64_t delta) {
      const std::optional<std::int64_t> moved = sum(bound, delta);
      if (!moved) return give_up("the sum does not fit into 64 bits");
      bound = *moved;
    }

    void read(const OperationRow& operation, std::uint32_t number) {
      std::erase(open_, number);
      ++reads_;
      const Value result = result_of(history_, operation);
      const std::int64_t* seen = result.as_int();
      if (seen == nullptr)
        return give_up(
            fmt::format("operation {} read {}, which is no integer", operation.invoke, to_text(result)));
      const Bounds& allowed = widest_[number];
      if (*seen >= allowed.low && *seen <= allowed.high) return;
      const std::string text =
          fmt::format("{} read {}, but the counter was between {} and {} then",
                      who_and_when(history_, operation), *seen, allowed.low, allowed.high);
      Witness witness;
      witness.stuck = {step_of(operation, text)};
      builder_.accuse("out-of-bounds", std::move(witness), text);
    }

    void give_up(const std::string& why) {
      failed_ = true;
      builder_.give_up(why);
    }

    const HistoryTable& history_;
    const std::vector<OperationRow> operations_;
    std::vector<std::uint32_t> number_of_;  ///< by event
    std::vector<Bounds> widest_;            ///< by operation: of a read, the widest while it was open
    std::vector<std::uint32_t> open_;       ///< reads
    Bounds bounds_;
    std::int64_t reads_ = 0;
    std::int64_t adds_ = 0;
    bool failed_ = false;
    FindingBuilder builder_{"counter"};
  };
};

}  // namespace

std::unique_ptr<Checker> make_counter_checker() {
  return std::make_unique<Counter>();
}

}  // namespace ordeal
