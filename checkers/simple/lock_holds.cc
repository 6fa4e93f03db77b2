#include "checkers/simple/lock_holds.h"

#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <tuple>
#include <utility>

namespace ordeal {
namespace {

/// When a time and a length of time do not fit, the end of time.
std::int64_t end_of(Duration start, std::int64_t length) {
  std::int64_t out = 0;
  if (__builtin_add_overflow(start.ns(), length, &out)) return std::numeric_limits<std::int64_t>::max();
  return out;
}

class LockReader {
 public:
  explicit LockReader(const HistoryTable& history) : history_(history) {}

  // In order of events, so that an operation finds the holds that had been acquired when it was invoked.
  LockHistory read() && {
    const std::vector<OperationRow> operations = history_.operations();
    std::vector<std::uint32_t> number_of(history_.size(), kNoOperation);
    for (std::uint32_t i = 0; i < operations.size(); ++i) {
      const OperationRow& operation = operations[i];
      const bool acquires = history_.f_text(operation.invoke) == "acquire";
      if (acquires) locks_.locks[history_.key(operation.invoke)];
      const bool acquired = acquires && outcome_of(history_, operation) == OpType::kOk;
      number_of[acquired ? operation.complete : operation.invoke] = i;
    }
    for (const std::uint32_t number : number_of) {
      if (number != kNoOperation) take(operations[number]);
    }
    return std::move(locks_);
  }

 private:
  static constexpr std::uint32_t kNoOperation = UINT32_MAX;

  /// Holds of one process of one lock, by their numbers.
  struct Live {
    std::vector<std::size_t> held;
    std::vector<std::size_t> refused;  ///< their release failed
  };
  struct Last {
    std::size_t hold = 0;
    bool released = false;
  };
  struct TokenHolder {
    std::int64_t process = 0;
    std::size_t hold = 0;
    bool several = false;  ///< another process got the same one
  };

  void take(const OperationRow& operation) {
    const std::string& f = history_.f_text(operation.invoke);
    const OpType outcome = outcome_of(history_, operation);
    if (f == "acquire") {
      if (outcome == OpType::kOk) acquire(operation);
    } else if (f == "release") {
      release(operation);
    } else {
      use(operation);
    }
    if (outcome == OpType::kInfo) lose_sight(operation);
  }

  [[nodiscard]] LockMoment moment(std::uint32_t position) const {
    return {.ns = history_.time(position).ns(), .position = position};
  }

  /// The first of these members of an event, or of its value when that is a map; nil when it has none.
  [[nodiscard]] Value member(std::uint32_t position, std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      if (const std::optional<Cell> cell = history_.extra(position, name))
        return history_.pool().value(*cell);
    }
    const Value value = history_.pool().value(history_.value(position));
    for (const std::string_view name : names) {
      if (const Value* found = value.find(name)) return *found;
      if (const Value* found = value.find(":" + std::string(name))) return *found;
    }
    return {};
  }

  void malformed(const OperationRow& operation, std::string_view what, const Value& value,
                 std::string_view expected) {
    if (locks_.problem) return;
    locks_.problem = fmt::format("operation {}, {} of {}, has the {} {}, which is no {}", operation.invoke,
                                 history_.f_text(operation.invoke), who_and_when(history_, operation), what,
                                 to_text(value), expected);
  }

  void acquire(const OperationRow& operation) {
    LockHold hold{.acquire = operation,
                  .process = history_.process(operation.invoke).value(),
                  .token = {},
                  .from = moment(operation.complete),
                  .until = {},
                  .over = {}};
    const Value fence = member(operation.complete, {"fence"});
    if (!fence.is_nil() && fence.as_int() == nullptr) return malformed(operation, "fence", fence, "integer");
    hold.token = fence.is_nil() ? member(operation.complete, {"token"}) : fence;
    const Value result = result_of(history_, operation);
    if (hold.token.is_nil() && result.as_int() != nullptr) hold.token = result;
    const Value validity = member(operation.complete, {"validity", "lease"});
    if (!validity.is_nil()) {
      if (validity.as_int() == nullptr || *validity.as_int() < 0)
        return malformed(operation, "validity", validity, "number of nanoseconds");
      hold.until.ns = end_of(history_.time(operation.invoke), *validity.as_int());
      hold.over.ns = end_of(history_.time(operation.complete), *validity.as_int());
    }
    keep(std::move(hold));
  }

  void keep(LockHold hold) {
    const Cell lock = history_.key(hold.acquire.invoke);
    std::vector<LockHold>& holds = locks_.locks[lock].holds;
    const std::size_t number = holds.size();
    const auto last = last_.find({lock, hold.process});
    hold.renewal = last != last_.end() && !last->second.released && !hold.token.is_nil() &&
                   holds[last->second.hold].token == hold.token;
    last_[{lock, hold.process}] = {.hold = number, .released = false};
    live_[hold.process][lock].held.push_back(number);
    if (!hold.token.is_nil()) {
      own_token_[{lock, hold.process, hold.token}] = number;
      const TokenHolder fresh{.process = hold.process, .hold = number, .several = false};
      TokenHolder& holder = token_.try_emplace({lock, hold.token}, fresh).first->second;
      holder.several |= holder.process != hold.process;
      holder.hold = number;
    }
    holds.push_back(std::move(hold));
  }

  void release(const OperationRow& operation) {
    const Cell lock = history_.key(operation.invoke);
    const std::int64_t process = history_.process(operation.invoke).value();
    const LockMoment now = moment(operation.invoke);
    const auto found = live_[process].find(lock);
    if (found == live_[process].end()) return;
    Live& live = found->second;
    std::vector<LockHold>& holds = locks_.locks[lock].holds;
    for (const std::size_t number : live.held) holds[number].until = std::min(holds[number].until, now);
    live.refused.insert(live.refused.end(), live.held.begin(), live.held.end());
    live.held.clear();
    if (outcome_of(history_, operation) == OpType::kFail) return;
    for (const std::size_t number : live.refused) holds[number].over = std::min(holds[number].over, now);
    live.refused.clear();
    last_[{lock, process}].released = true;
  }

  /// A process that nobody heard of again may have stopped believing that it holds anything.
  void lose_sight(const OperationRow& operation) {
    for (const auto& [lock, live] : live_[history_.process(operation.invoke).value()]) {
      for (const std::size_t number : live.held) {
        LockHold& hold = locks_.locks[lock].holds[number];
        if (hold.over.is_never()) hold.until = std::min(hold.until, moment(operation.invoke));
      }
    }
  }

  void use(const OperationRow& operation) {
    const Cell key = history_.key(operation.invoke);
    const std::optional<Cell> named = history_.extra(operation.invoke, "lock");
    const Cell lock = named.value_or(key);
    if (!locks_.locks.contains(lock)) return;
    GuardedOperation used{.operation = operation,
                          .outcome = outcome_of(history_, operation),
                          .token = {},
                          .sequence = {},
                          .hold = {}};
    for (const std::uint32_t position : {operation.complete, operation.invoke}) {
      for (const std::string_view name : {"fence", "token"}) {
        if (position == OperationRow::kOpen || !used.token.is_nil()) continue;
        if (const std::optional<Cell> cell = history_.extra(position, name))
          used.token = history_.pool().value(*cell);
      }
    }
    if (operation.completed() && !read_sequence(used)) return;
    used.hold = hold_of(used, lock);
    LockHistory::Resource& resource = locks_.resources[key];
    resource.lock = lock;
    resource.operations.push_back(std::move(used));
  }

  bool read_sequence(GuardedOperation& used) {
    const std::uint32_t position = used.operation.complete;
    if (const std::optional<std::uint64_t> version = history_.version(position))
      used.sequence = static_cast<std::int64_t>(*version);
    const std::optional<Cell> cell = history_.extra(position, "sequence");
    if (!cell) return true;
    const Value sequence = history_.pool().value(*cell);
    if (sequence.as_int() == nullptr) {
      malformed(used.operation, "sequence", sequence, "integer");
      return false;
    }
    used.sequence = *sequence.as_int();
    return true;
  }

  /// Nothing when it is not guarded, or when several other processes got that token.
  [[nodiscard]] std::optional<std::size_t> hold_of(const GuardedOperation& used, Cell lock) const {
    const std::int64_t process = history_.process(used.operation.invoke).value();
    if (used.token.is_nil()) {
      const auto last = last_.find({lock, process});
      if (last == last_.end() || history_.f_text(used.operation.invoke) == "read") return std::nullopt;
      return last->second.hold;
    }
    const auto own = own_token_.find({lock, process, used.token});
    if (own != own_token_.end()) return own->second;
    const auto other = token_.find({lock, used.token});
    if (other == token_.end() || other->second.several) return std::nullopt;
    return other->second.hold;
  }

  const HistoryTable& history_;
  LockHistory locks_;
  std::map<std::int64_t, std::map<Cell, Live>> live_;  ///< by process
  std::map<std::pair<Cell, std::int64_t>, Last> last_;
  std::map<std::tuple<Cell, std::int64_t, Value>, std::size_t> own_token_;  ///< the last hold
  std::map<std::pair<Cell, Value>, TokenHolder> token_;
};

}  // namespace

LockHistory read_locks(const HistoryTable& history) {
  return LockReader(history).read();
}

}  // namespace ordeal
