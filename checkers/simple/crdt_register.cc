#include "checkers/simple/convergence.h"
#include "checkers/simple/crdt.h"
#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ordeal {
namespace {

/// Writes of one value to one key.
struct WrittenValue {
  std::int64_t writes = 0;                      ///< that may have happened
  std::uint32_t invoked = OperationRow::kOpen;  ///< position of the first of those
  std::optional<OperationRow> write;            ///< one of those
  std::optional<OperationRow> failed;
};

/// Several values side by side come in any order.
Value sorted_siblings(const Value& value) {
  if (value.as_list() == nullptr) return value;
  Value::List list = *value.as_list();
  std::sort(list.begin(), list.end());
  return list;
}

class CrdtRegisterRun {
 public:
  explicit CrdtRegisterRun(const HistoryTable& history)
      : history_(history), operations_(history.operations()) {}

  Finding finish() && {
    for (const char* name : {"phantom", "lost"}) builder_.count(name, 0);
    const FinalReads finals = find_final_reads(history_);
    const std::int64_t compared = judge_convergence(history_, finals, sorted_siblings, builder_);
    for (const OperationRow& operation : operations_) {
      if (history_.f_text(operation.invoke) == "write") collect(operation);
    }
    for (const OperationRow& operation : operations_) {
      if (history_.f_text(operation.invoke) == "read" && outcome_of(history_, operation) == OpType::kOk)
        read(operation);
    }
    for (const auto& [key, reads] : finals) {
      for (const FinalRead& read : reads) judge(key, read.operation);
      if (!reads.empty() && is_inverted(key, reads.front().operation)) ++inversions_;
    }
    builder_.count("reads", reads_);
    builder_.count("keys", static_cast<std::int64_t>(finals.size()));
    builder_.count("lww-inversions", inversions_);
    if (compared == 0) builder_.give_up("no two final reads of one key: nothing was compared");
    return std::move(builder_).finish(
        fmt::format("{} reads of what was written, and every node had the same in the end", reads_));
  }

 private:
  using Session = std::tuple<Cell, std::int64_t, NodeId>;  ///< of one key

  [[nodiscard]] Session session(const OperationRow& operation) const {
    return {history_.key(operation.invoke), history_.process(operation.invoke).value(),
            node_of(history_, operation)};
  }

  void collect(const OperationRow& operation) {
    const OpType outcome = outcome_of(history_, operation);
    const Cell key = history_.key(operation.invoke);
    WrittenValue& written = written_[{key, argument_of(history_, operation)}];
    if (outcome == OpType::kFail) {
      written.failed = operation;
      return;
    }
    ++written.writes;
    written.invoked = std::min(written.invoked, operation.invoke);
    written.write = operation;
    if (outcome != OpType::kOk) return;
    const auto [first, fresh] = first_.try_emplace(key, operation);
    if (!fresh && operation.complete < first->second.complete) first->second = operation;
    last_of_session_.insert_or_assign(session(operation), operation);
  }

  [[nodiscard]] bool was_written(Cell key, const Value& value, const OperationRow& read) const {
    const auto found = written_.find({key, value});
    return found != written_.end() && found->second.invoked < read.complete;
  }

  void read(const OperationRow& operation) {
    ++reads_;
    const Cell key = history_.key(operation.invoke);
    const Value result = result_of(history_, operation);
    if (result.is_nil() || was_written(key, result, operation)) return;
    if (result.as_list() == nullptr) return accuse_phantom(operation, key, result);
    for (const Value& value : *result.as_list()) {
      if (!was_written(key, value, operation)) return accuse_phantom(operation, key, value);
    }
  }

  void accuse_phantom(const OperationRow& read, Cell key, const Value& value) {
    const auto found = written_.find({key, value});
    const bool failed = found != written_.end() && found->second.failed;
    const std::string why =
        fmt::format("{} read {}, {}", who_and_when(history_, read), to_text(value),
                    failed ? "whose write had failed" : "which nobody had asked to write");
    std::vector<WitnessStep> steps = {step_of(read, why)};
    if (failed) {
      const OperationRow& write = *found->second.failed;
      steps.push_back(step_of(write, fmt::format("{} failed to write it", who_and_when(history_, write))));
    }
    accuse("phantom", key, std::move(steps), why);
  }

  void judge(Cell key, const OperationRow& read) {
    const Value result = result_of(history_, read);
    const bool nothing = result.is_nil() || (result.as_list() != nullptr && result.as_list()->empty());
    const auto first = first_.find(key);
    if (!nothing || first == first_.end() || first->second.complete > read.invoke) return;
    if (was_written(key, result, read)) return;
    const OperationRow& write = first->second;
    const std::string why = fmt::format("{} read nothing in the end, and {} had been written",
                                        who_and_when(history_, read), to_text(argument_of(history_, write)));
    accuse("lost", key,
           {step_of(read, why), step_of(write, fmt::format("{} wrote it", who_and_when(history_, write)))},
           why);
  }

  /// Whether the session that wrote what is there in the end had written something else after it.
  [[nodiscard]] bool is_inverted(Cell key, const OperationRow& read) const {
    const auto winner = written_.find({key, result_of(history_, read)});
    if (winner == written_.end() || winner->second.writes != 1) return false;
    const auto last = last_of_session_.find(session(*winner->second.write));
    return last != last_of_session_.end() && last->second.invoke > winner->second.write->invoke &&
           last->second.complete < read.invoke;
  }

  void accuse(std::string_view name, Cell key, std::vector<WitnessStep> steps, const std::string& why) {
    Witness witness;
    witness.key = history_.pool().value(key);
    witness.stuck = std::move(steps);
    builder_.accuse(name, std::move(witness), why);
  }

  const HistoryTable& history_;
  const std::vector<OperationRow> operations_;
  FindingBuilder builder_{"crdt-register"};
  std::map<std::pair<Cell, Value>, WrittenValue> written_;
  std::map<Cell, OperationRow> first_;               ///< the write of a key that succeeded first
  std::map<Session, OperationRow> last_of_session_;  ///< the last write that succeeded
  std::int64_t reads_ = 0;
  std::int64_t inversions_ = 0;
};

class CrdtRegister final : public Checker {
 public:
  [[nodiscard]] std::string_view name() const override { return "crdt-register"; }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return CrdtRegisterRun(history).finish();
  }
};

}  // namespace

std::unique_ptr<Checker> make_crdt_register_checker() {
  return std::make_unique<CrdtRegister>();
}

}  // namespace ordeal
