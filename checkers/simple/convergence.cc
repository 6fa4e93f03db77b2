#include "checkers/simple/convergence.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace ordeal {
namespace {

bool is_final(const HistoryTable& history, const OperationRow& read) {
  for (const std::uint32_t position : {read.invoke, read.complete}) {
    const std::optional<Cell> mark = history.extra(position, "final");
    if (mark && history.pool().value(*mark) == Value(true)) return true;
  }
  return false;
}

/// The position of the last event that is not of a read; -1 when there is none.
std::int64_t last_change(const HistoryTable& history) {
  for (std::size_t i = history.size(); i > 0; --i) {
    if (history.process(i - 1) == kNemesisProcess || history.f_text(i - 1) != "read")
      return static_cast<std::int64_t>(i) - 1;
  }
  return -1;
}

/// Cut, so that a sentence stays one; what differs may be behind the cut.
std::string short_text(const Value& value) {
  constexpr std::size_t kStateTextMax = 120;
  std::string text = to_text(value);
  return text.size() <= kStateTextMax ? text : text.substr(0, kStateTextMax) + "...";
}

class ConvergenceJudge {
 public:
  ConvergenceJudge(const HistoryTable& history, CanonicalForm form, FindingBuilder& builder)
      : history_(history), form_(form), builder_(builder) {
    for (const char* name : {"diverged", "digests-differ"}) builder_.count(name, 0);
  }

  void compare(Cell key, const std::vector<FinalRead>& reads) {
    std::optional<Value> first;
    for (const FinalRead& read : reads) {
      const Value state = form_(result_of(history_, read.operation));
      if (!first) {
        first = state;
        continue;
      }
      ++compared_;
      if (state == *first) continue;
      const FinalRead& other = reads.front();
      const std::string why =
          fmt::format("the nodes did not converge: of {} in the end {} said {} and {} said {}",
                      to_text(history_.pool().value(key)), other.reader, short_text(*first), read.reader,
                      short_text(state));
      accuse("diverged", key, {step(other.operation, "read"), step(read.operation, "read something else")},
             why);
      return;
    }
  }

  void compare_digests() {
    std::map<std::pair<Cell, Cell>, std::pair<Cell, OperationRow>> digests;
    for (const OperationRow& operation : history_.operations()) {
      if (outcome_of(history_, operation) != OpType::kOk) continue;
      const std::optional<Cell> vector = history_.extra(operation.complete, "vv");
      const std::optional<Cell> digest = history_.extra(operation.complete, "digest");
      if (!vector || !digest) continue;
      const Cell key = history_.key(operation.invoke);
      const auto [first, fresh] = digests.try_emplace({key, *vector}, *digest, operation);
      if (fresh) continue;
      ++compared_;
      if (first->second.first == *digest) continue;
      accuse("digests-differ", key,
             {step(first->second.second, "got the digest " + text(first->second.first)),
              step(operation, "got the digest " + text(*digest))},
             fmt::format("{}: the digests {} and {} for the same version vector {}", text(key),
                         text(first->second.first), text(*digest), text(*vector)));
    }
  }

  [[nodiscard]] std::int64_t compared() const { return compared_; }

 private:
  [[nodiscard]] std::string text(Cell cell) const { return short_text(history_.pool().value(cell)); }
  [[nodiscard]] WitnessStep step(const OperationRow& operation, std::string_view what) const {
    const NodeId node = node_of(history_, operation);
    const std::string where = node == kNoNode ? std::string() : fmt::format(" on {}", node_name(node));
    return step_of(operation, fmt::format("{}{} {}", who_and_when(history_, operation), where, what));
  }
  void accuse(std::string_view name, Cell key, std::vector<WitnessStep> steps, const std::string& why) {
    Witness witness;
    witness.key = history_.pool().value(key);
    witness.stuck = std::move(steps);
    builder_.accuse(name, std::move(witness), why);
  }

  const HistoryTable& history_;
  CanonicalForm form_;
  FindingBuilder& builder_;
  std::int64_t compared_ = 0;
};

class Convergence final : public Checker {
 public:
  [[nodiscard]] std::string_view name() const override { return "convergence"; }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    FindingBuilder builder(name());
    const FinalReads reads = find_final_reads(history);
    const std::int64_t compared = judge_convergence(
        history, reads, [](const Value& value) { return value; }, builder);
    builder.count("keys", static_cast<std::int64_t>(reads.size()));
    if (compared == 0) builder.give_up("no two final reads of one key: nothing was compared");
    return std::move(builder).finish(
        fmt::format("{} keys; every node read the same in the end", reads.size()));
  }
};

}  // namespace

NodeId node_of(const HistoryTable& history, const OperationRow& operation) {
  const NodeId answered = operation.completed() ? history.node(operation.complete) : kNoNode;
  return answered != kNoNode ? answered : history.node(operation.invoke);
}

FinalReads find_final_reads(const HistoryTable& history) {
  std::vector<OperationRow> reads;
  bool marked = false;
  for (const OperationRow& operation : history.operations()) {
    if (history.f_text(operation.invoke) != "read" || outcome_of(history, operation) != OpType::kOk) continue;
    reads.push_back(operation);
    marked |= is_final(history, operation);
  }
  const std::int64_t quiet = last_change(history);
  std::map<Cell, std::map<std::string, OperationRow>> last;
  for (const OperationRow& read : reads) {
    if (marked ? !is_final(history, read) : static_cast<std::int64_t>(read.invoke) <= quiet) continue;
    const NodeId node = node_of(history, read);
    const std::string reader =
        node != kNoNode ? node_name(node) : fmt::format("p{}", history.process(read.invoke));
    last[history.key(read.invoke)].insert_or_assign(reader, read);
  }
  FinalReads out;
  for (const auto& [key, by_reader] : last) {
    for (const auto& [reader, read] : by_reader) out[key].push_back({.operation = read, .reader = reader});
  }
  return out;
}

std::int64_t judge_convergence(const HistoryTable& history, const FinalReads& reads, CanonicalForm form,
                               FindingBuilder& builder) {
  ConvergenceJudge judge(history, form, builder);
  for (const auto& [key, of_key] : reads) judge.compare(key, of_key);
  judge.compare_digests();
  return judge.compared();
}

std::unique_ptr<Checker> make_convergence_checker() {
  return std::make_unique<Convergence>();
}

}  // namespace ordeal
