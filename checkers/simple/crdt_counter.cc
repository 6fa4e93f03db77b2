#include "checkers/simple/convergence.h"
#include "checkers/simple/crdt.h"
#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ordeal {
namespace {

/// What was added and what was taken away, apart: replicas learn of them in any order.
struct Sums {
  std::int64_t up = 0;
  std::int64_t down = 0;
};

/// A change that happened or may have.
struct Change {
  OperationRow operation;
  std::int64_t delta = 0;
  bool certain = false;
};

struct CounterKey {
  std::vector<Change> changes;  ///< in order of invocation
  Sums possible;                ///< invoked so far
  Sums certain;                 ///< succeeded so far
  bool grows = true;            ///< nobody subtracts
};

class CrdtCounterRun {
 public:
  explicit CrdtCounterRun(const HistoryTable& history)
      : history_(history), operations_(history.operations()) {}

  Finding finish() && {
    for (const char* name : {"out-of-bounds", "decreased"}) builder_.count(name, 0);
    const FinalReads finals = find_final_reads(history_);
    const std::int64_t compared = judge_convergence(
        history_, finals, [](const Value& value) { return value; }, builder_);
    for (const auto& [key, reads] : finals) {
      for (const FinalRead& read : reads) finals_.insert(read.operation.invoke);
    }
    for (const OperationRow& operation : operations_) collect(operation);
    replay();
    builder_.count("reads", reads_);
    builder_.count("keys", static_cast<std::int64_t>(finals.size()));
    if (problem_) builder_.give_up(*problem_);
    if (compared == 0 && !problem_) builder_.give_up("no two final reads of one key: nothing was compared");
    return std::move(builder_).finish(
        fmt::format("{} reads in bounds, and every node had the same sum in the end", reads_));
  }

 private:
  using Session = std::tuple<Cell, std::int64_t, NodeId>;  ///< of one key
  static constexpr std::size_t kSumsMax = 4096;
  static constexpr std::int64_t kLooksMax = 1'000'000;  ///< at changes, for the sake of witnesses

  [[nodiscard]] Session session(const OperationRow& operation) const {
    return {history_.key(operation.invoke), history_.process(operation.invoke).value(),
            node_of(history_, operation)};
  }
  void give_up(const std::string& why) {
    if (!problem_) problem_ = why;
  }

  /// Nothing when it changes nothing.
  std::optional<std::int64_t> delta_of(const OperationRow& operation) {
    const std::string& f = history_.f_text(operation.invoke);
    if (f != "add" && f != "increment" && f != "decrement") return std::nullopt;
    const Value argument = argument_of(history_, operation);
    const bool down = f == "decrement";
    if (f != "add" && argument.is_nil()) return down ? -1 : 1;
    if (argument.as_int() == nullptr || *argument.as_int() == INT64_MIN) {
      give_up(fmt::format("operation {} adds {}, which is no integer", operation.invoke, to_text(argument)));
      return std::nullopt;
    }
    return down ? -*argument.as_int() : *argument.as_int();
  }

  void collect(const OperationRow& operation) {
    const OpType outcome = outcome_of(history_, operation);
    const std::optional<std::int64_t> delta = delta_of(operation);
    if (!delta || outcome == OpType::kFail) return;
    CounterKey& key = keys_[history_.key(operation.invoke)];
    key.grows &= *delta >= 0;
    key.changes.push_back({.operation = operation, .delta = *delta, .certain = outcome == OpType::kOk});
  }

  /// Event by event, so that each read finds what was possible and what was certain at its moments.
  void replay() {
    std::vector<std::pair<std::uint32_t, const OperationRow*>> events;
    for (const OperationRow& operation : operations_) {
      events.emplace_back(operation.invoke, &operation);
      if (operation.completed()) events.emplace_back(operation.complete, &operation);
    }
    std::sort(events.begin(), events.end());
    for (const auto& [position, operation] : events) {
      if (problem_) return;
      event(position, *operation);
    }
  }

  void event(std::uint32_t position, const OperationRow& operation) {
    const OpType outcome = outcome_of(history_, operation);
    const bool begins = position == operation.invoke;
    CounterKey& key = keys_[history_.key(operation.invoke)];
    if (history_.f_text(operation.invoke) == "read") {
      if (outcome != OpType::kOk) return;
      if (begins && finals_.contains(operation.invoke)) known_then_[operation.invoke] = key.certain;
      if (!begins) read(operation, key);
      return;
    }
    if (outcome == OpType::kFail) return;
    const std::optional<std::int64_t> delta = delta_of(operation);
    if (!delta) return;
    if (begins) {
      move(key.possible, *delta);
    } else if (outcome == OpType::kOk) {
      move(key.certain, *delta);
      move(own_[session(operation)], *delta);
    }
  }

  void move(Sums& sums, std::int64_t delta) {
    std::int64_t& sum = delta >= 0 ? sums.up : sums.down;
    if (__builtin_add_overflow(sum, delta, &sum)) give_up("a sum does not fit into 64 bits");
  }

  void read(const OperationRow& operation, const CounterKey& key) {
    const Value result = result_of(history_, operation);
    if (result.as_int() == nullptr && !result.is_nil()) {
      return give_up(
          fmt::format("operation {} read {}, which is no integer", operation.invoke, to_text(result)));
    }
    ++reads_;
    const std::int64_t value = result.is_nil() ? 0 : *result.as_int();
    const auto then = known_then_.find(operation.invoke);
    const bool final = then != known_then_.end();
    const Sums known = final ? then->second : own_[session(operation)];
    std::int64_t low = 0;
    std::int64_t high = 0;
    if (__builtin_add_overflow(known.up, key.possible.down, &low) ||
        __builtin_add_overflow(key.possible.up, known.down, &high))
      return give_up("a sum does not fit into 64 bits");
    if (value < low || high < value || (final && !can_be_sum(operation, key, value))) {
      accuse_bounds(operation, key, value, low, high, final);
    }
    compare(operation, key, value);
  }

  /// Whether what was certain and some of what was not makes this sum; true when there are too many sums.
  static bool can_be_sum(const OperationRow& read, const CounterKey& key, std::int64_t value) {
    std::set<std::int64_t> sums = {0};
    for (const Change& change : key.changes) {
      if (change.operation.invoke > read.complete || change.delta == 0) continue;
      const bool certain = change.certain && change.operation.complete < read.invoke;
      std::set<std::int64_t> next;
      for (const std::int64_t sum : sums) {
        next.insert(sum + change.delta);
        if (!certain) next.insert(sum);
      }
      sums = std::move(next);
      if (sums.size() > kSumsMax) return true;
    }
    return sums.contains(value);
  }

  void accuse_bounds(const OperationRow& operation, const CounterKey& key, std::int64_t value,
                     std::int64_t low, std::int64_t high, bool final) {
    const std::string why = fmt::format(
        "{} read {}{}, but {} makes {}", who_and_when(history_, operation), value, final ? " in the end" : "",
        final ? "what happened or may have" : "its own session and what was invoked",
        low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high));
    std::vector<WitnessStep> steps = {step_of(operation, why)};
    const Change* last = nullptr;
    for (const Change& change : key.changes) {
      if (++looks_ > kLooksMax) break;
      const bool counts = change.certain && change.operation.complete < operation.invoke &&
                          (final || session(change.operation) == session(operation));
      if (counts && (value < low) == (change.delta > 0)) last = &change;
    }
    if (last != nullptr) {
      steps.push_back(
          step_of(last->operation, fmt::format("{} was the last that it had to know: {:+}",
                                               who_and_when(history_, last->operation), last->delta)));
    }
    accuse("out-of-bounds", operation, std::move(steps), why);
  }

  void compare(const OperationRow& operation, const CounterKey& key, std::int64_t value) {
    const auto [last, fresh] = last_read_.try_emplace(session(operation), value, operation);
    if (!fresh && key.grows && value < last->second.first) {
      const OperationRow& before = last->second.second;
      const std::string why = fmt::format("{} read {}, and had read {} before; nobody subtracts",
                                          who_and_when(history_, operation), value, last->second.first);
      accuse("decreased", operation,
             {step_of(before, fmt::format("{} read {}", who_and_when(history_, before), last->second.first)),
              step_of(operation, why)},
             why);
    }
    last->second = {value, operation};
  }

  void accuse(std::string_view name, const OperationRow& read, std::vector<WitnessStep> steps,
              const std::string& why) {
    Witness witness;
    witness.key = history_.pool().value(history_.key(read.invoke));
    witness.stuck = std::move(steps);
    builder_.accuse(name, std::move(witness), why);
  }

  const HistoryTable& history_;
  const std::vector<OperationRow> operations_;
  FindingBuilder builder_{"crdt-counter"};
  std::map<Cell, CounterKey> keys_;
  std::set<std::uint32_t> finals_;            ///< invocations
  std::map<std::uint32_t, Sums> known_then_;  ///< by invocation of a final read
  std::map<Session, Sums> own_;
  std::map<Session, std::pair<std::int64_t, OperationRow>> last_read_;
  std::int64_t reads_ = 0;
  std::int64_t looks_ = 0;
  std::optional<std::string> problem_;
};

class CrdtCounter final : public Checker {
 public:
  [[nodiscard]] std::string_view name() const override { return "crdt-counter"; }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return CrdtCounterRun(history).finish();
  }
};

}  // namespace

std::unique_ptr<Checker> make_crdt_counter_checker() {
  return std::make_unique<CrdtCounter>();
}

}  // namespace ordeal
