#include "checkers/consistency/consistency.h"

#include "checkers/causal/causal.h"
#include "checkers/causal/reader_order.h"
#include "checkers/causal/sequential.h"
#include "checkers/causal/session_guarantees.h"
#include "checkers/consistency/register_story.h"
#include "checkers/micro_op.h"
#include "checkers/transactions/list_append.h"
#include "checkers/transactions/register_history.h"
#include "checkers/transactions/register_isolation.h"
#include "checkers/transactions/weak_isolation.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>

namespace ordeal {
namespace {

using RegisterCheck = std::function<LevelFinding(const TransactionTable&, const ReadsFrom&, const Budget&)>;

struct Level {
  ConsistencyLevelInfo info;
  RegisterCheck registers;  ///< empty: registers tell it by their isolation, if at all
  std::optional<std::pair<IsolationLevel, SessionOrder>>
      isolation;  ///< of lists, and of registers for which there is nothing else
};

template <class Check>
RegisterCheck with_writers(const Check& check) {
  return [check](const TransactionTable& table, const ReadsFrom& reads, const Budget&) {
    return check(table, reads, Writers(table, reads));
  };
}
RegisterCheck guarantee(LevelFinding SessionGuaranteeFindings::*which) {
  return with_writers([which](const TransactionTable& table, const ReadsFrom& reads, const Writers& writers) {
    return check_session_guarantees(table, reads, writers).*which;
  });
}
RegisterCheck causal(LevelFinding CausalFindings::*which) {
  return [which](const TransactionTable& table, const ReadsFrom& reads, const Budget& budget) {
    const bool memory = which == &CausalFindings::memory;
    return check_causal(table, reads, budget, memory ? CausalScope::kAll : CausalScope::kWithoutMemory).*
           which;
  };
}
LevelFinding sequential(const TransactionTable& table, const ReadsFrom& reads, const Budget& budget) {
  return check_sequential(table, reads, budget).level;
}
LevelFinding pram(const TransactionTable& table, const ReadsFrom& reads, const Budget& budget) {
  return check_pram(table, reads, Writers(table, reads), budget);
}

std::vector<Level> make_levels() {
  using I = IsolationLevel;
  using S = SessionOrder;
  return {
      {{"read-uncommitted", "no circle of writes (Adya's PL-1)"}, {}, {{I::kReadUncommitted, S::kNone}}},
      {{"read-committed", "nothing aborted or intermediate is read, no circle of writes and reads (PL-2)"},
       with_writers(check_read_committed),
       {{I::kReadCommitted, S::kNone}}},
      {{"read-your-writes", "session guarantee: a session sees its own writes"},
       guarantee(&SessionGuaranteeFindings::read_your_writes),
       {}},
      {{"monotonic-reads", "session guarantee: what a session sees does not go back"},
       guarantee(&SessionGuaranteeFindings::monotonic_reads),
       {}},
      {{"monotonic-writes", "session guarantee: a session's writes take effect in order"},
       guarantee(&SessionGuaranteeFindings::monotonic_writes),
       {}},
      {{"writes-follow-reads", "session guarantee: a write comes after what its session had read"},
       guarantee(&SessionGuaranteeFindings::writes_follow_reads),
       {}},
      {{"read-atomic", "a transaction is seen whole or not at all"}, with_writers(check_read_atomic), {}},
      {{"pram", "each session sees the writes of every other in their order"}, pram, {}},
      {{"causal", "CC: what a session sees contains all that led to it (POPL 2017)"},
       causal(&CausalFindings::causal),
       {}},
      {{"causal-convergence", "CCv: CC, and all order conflicting writes alike"},
       causal(&CausalFindings::convergence),
       {}},
      {{"causal-memory", "CM: CC, and each session sees one order that goes on"},
       causal(&CausalFindings::memory),
       {}},
      {{"sequential", "one order that agrees with each session's explains every read (Lamport)"},
       sequential,
       {}},
      {{"snapshot-isolation", "a transaction reads one moment, and no other wrote the same meanwhile"},
       {},
       {{I::kSnapshotIsolation, S::kNone}}},
      {{"strong-session-snapshot-isolation", "the same, and each session goes forward"},
       {},
       {{I::kSnapshotIsolation, S::kProcess}}},
      {{"strong-snapshot-isolation", "the same in real time"}, {}, {{I::kSnapshotIsolation, S::kRealtime}}},
      {{"serializable", "one after the other, in some order"}, {}, {{I::kSerializable, S::kNone}}},
      {{"strong-session-serializable", "in an order that agrees with each session's"},
       sequential,
       {{I::kSerializable, S::kProcess}}},
      {{"strict-serializable", "in an order that agrees with real time"},
       {},
       {{I::kSerializable, S::kRealtime}}},
  };
}

const std::vector<Level>& levels() {
  static const std::vector<Level> all = make_levels();
  return all;
}

/// Whether any micro-operation is an append.
bool has_appends(const HistoryTable& history) {
  for (const OperationRow& operation : history.operations()) {
    const Value value = history.pool().value(history.value(operation.invoke));
    const Value::List* list = value.as_list();
    if (list == nullptr) continue;
    for (const Value& each : *list) {
      const std::optional<MicroOp> micro = as_micro_op(each);
      if (micro && micro->f == "append") return true;
    }
  }
  return false;
}

/// The anomalies that a level forbids, and whether there are any. `position` gives where a transaction was
/// invoked.
void tell_isolation(const Level& level, const IsolationFinding& found, std::size_t transactions,
                    Finding& finding, const std::function<std::size_t(std::uint32_t)>& position) {
  const auto [weakest, order] = *level.isolation;
  finding.verdict = found.holds(weakest, order) ? Verdict::kValid : Verdict::kInvalid;
  finding.details = Value::Map{{"transactions", static_cast<std::int64_t>(transactions)}};
  for (const TransactionAnomaly& anomaly : found.anomalies) {
    if (anomaly.weakest > weakest || anomaly.order > order) continue;
    if (finding.why.empty()) finding.why = fmt::format("{}: {}", anomaly.name, anomaly.text);
    Witness witness;
    for (std::size_t i = 0; i < anomaly.transactions.size(); ++i) {
      const std::size_t invoke = position(anomaly.transactions[i]);
      std::string text = i < anomaly.steps.size() ? anomaly.steps[i] : fmt::format("T{}", invoke);
      witness.stuck.push_back({.invoke = invoke, .complete = std::nullopt, .text = std::move(text)});
    }
    finding.witnesses.push_back(std::move(witness));
  }
  if (finding.verdict == Verdict::kValid)
    finding.why = fmt::format("{} transactions, and nothing that the level forbids", transactions);
}

void check_isolation(const Level& level, const TransactionTable& table,
                     std::span<const VersionClaim> versions, std::span<const std::uint32_t> completes,
                     Finding& finding) {
  if (level.isolation->first < IsolationLevel::kSnapshotIsolation) {
    finding.why =
        "registers do not tell in which order aborted and unseen values were written; for this level record "
        "appends to lists";
    return;
  }
  if (level.isolation->second == SessionOrder::kRealtime && completes.empty()) {
    finding.why = "the format has no times, so nothing can be said of real time";
    return;
  }
  const Result<RegisterIsolationFinding> found = check_register_isolation(table, versions, completes);
  if (!found.ok()) return void(finding.why = found.error().message);
  tell_isolation(level, *found, table.transaction_count(), finding,
                 [&](std::uint32_t transaction) { return table.origin(transaction); });
  if (finding.verdict != Verdict::kValid || !found->unordered) return;
  finding.verdict = Verdict::kUnknown;
  finding.why = fmt::format(
      "nothing that the level forbids was found, but {}; record the server's versions, or read a key before "
      "it is written",
      *found->unordered);
}

void check_table(const Level& level, const TransactionTable& table, const Budget& budget, Finding& finding) {
  if (!level.registers) return check_isolation(level, table, {}, {}, finding);
  const Result<ReadsFrom> reads = resolve_reads(table);
  if (!reads.ok()) return void(finding.why = reads.error().message);
  const LevelFinding found = level.registers(table, *reads, budget);
  finding.verdict = found.verdict;
  finding.why = found.why;
  finding.details = Value::Map{{"transactions", static_cast<std::int64_t>(table.transaction_count())},
                               {"sessions", static_cast<std::int64_t>(table.session_count())}};
  if (found.verdict == Verdict::kValid) {
    finding.why = fmt::format("{} transactions of {} sessions, and nothing that the level forbids",
                              table.transaction_count(), table.session_count());
  }
  if (!found.violation) return;
  finding.witnesses.push_back(tell(table, *found.violation));
  finding.why = found.violation->pattern;
  const std::vector<WitnessStep>& steps = finding.witnesses.front().stuck;
  if (!steps.empty()) finding.why += ": " + steps.front().text;
}

const Level* find_level(std::string_view name) {
  const auto at = std::find_if(levels().begin(), levels().end(),
                               [name](const Level& level) { return level.info.name == name; });
  return at == levels().end() ? nullptr : &*at;
}

class ConsistencyChecker final : public Checker {
 public:
  explicit ConsistencyChecker(const Level& level) : level_(level) {}

  [[nodiscard]] std::string_view name() const override { return level_.info.name; }

  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& budget) const override {
    Finding finding;
    finding.checker = level_.info.name;
    if (has_appends(history)) {
      check_lists(history, finding);
    } else {
      check_registers(history, budget, finding);
    }
    return finding;
  }

 private:
  void check_lists(const HistoryTable& history, Finding& finding) const {
    if (!level_.isolation) {
      finding.why =
          "lists of appended elements are checked for levels of isolation; for this one record registers";
      return;
    }
    const Result<ListHistory> lists = read_list_history(history);
    if (!lists.ok()) return void(finding.why = lists.error().message);
    const Result<IsolationFinding> found = check_list_append(*lists);
    if (!found.ok()) return void(finding.why = found.error().message);
    tell_isolation(level_, *found, lists->transactions.size(), finding,
                   [&](std::uint32_t transaction) { return lists->transactions[transaction].invoke; });
    complete_witnesses(finding, history.operations());
  }

  void check_registers(const HistoryTable& history, const Budget& budget, Finding& finding) const {
    const Result<RegisterHistory> registers = read_register_history(history);
    if (!registers.ok()) return void(finding.why = registers.error().message);
    const std::vector<OperationRow> operations = history.operations();
    if (level_.isolation && !level_.registers) {
      const std::vector<std::uint32_t> completes = completions(registers->table, operations);
      check_isolation(level_, registers->table, registers->versions, completes, finding);
    } else {
      check_table(level_, registers->table, budget, finding);
    }
    complete_witnesses(finding, operations);
  }

  /// By transaction, where it was over.
  static std::vector<std::uint32_t> completions(const TransactionTable& table,
                                                const std::vector<OperationRow>& operations) {
    std::vector<std::uint32_t> completes;
    for (TransactionIndex t = 0; t < table.transaction_count(); ++t)
      completes.push_back(find_operation(operations, table.origin(t))->complete);
    return completes;
  }

  static const OperationRow* find_operation(const std::vector<OperationRow>& operations, std::size_t invoke) {
    const auto at = std::ranges::lower_bound(operations, invoke, {}, &OperationRow::invoke);
    return at != operations.end() && at->invoke == invoke ? &*at : nullptr;
  }

  static void complete_witnesses(Finding& finding, const std::vector<OperationRow>& operations) {
    for (Witness& witness : finding.witnesses) {
      for (WitnessStep& step : witness.stuck) {
        const OperationRow* operation = find_operation(operations, step.invoke);
        if (operation != nullptr && operation->completed()) step.complete = operation->complete;
      }
    }
  }

  const Level& level_;
};

}  // namespace

const std::vector<ConsistencyLevelInfo>& list_consistency_levels() {
  static const std::vector<ConsistencyLevelInfo> infos = [] {
    std::vector<ConsistencyLevelInfo> out;
    for (const Level& level : levels()) out.push_back(level.info);
    return out;
  }();
  return infos;
}

std::unique_ptr<Checker> make_consistency_checker(std::string_view name) {
  const Level* level = find_level(name);
  return level == nullptr ? nullptr : std::make_unique<ConsistencyChecker>(*level);
}

std::optional<Finding> check_register_level(std::string_view name, const TransactionTable& table,
                                            const Budget& budget) {
  const Level* level = find_level(name);
  if (level == nullptr) return std::nullopt;
  Finding finding;
  finding.checker = name;
  check_table(*level, table, budget, finding);
  return finding;
}

}  // namespace ordeal
