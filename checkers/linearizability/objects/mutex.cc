#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "checkers/linearizability/objects/objects.h"
#include "checkers/linearizability/objects/state_table.h"

namespace ordeal {
namespace {

struct MutexAction {
  bool acquire = false;
  std::int64_t process = 0;
  std::optional<std::int64_t> fence;

  friend auto operator<=>(const MutexAction&, const MutexAction&) = default;
};

class Mutex final : public SequentialObject {
 public:
  Mutex(const HistoryTable& history, const MutexSemantics& semantics)
      : history_(history), semantics_(semantics) {}

  Result<std::optional<ActionId>> translate(const OperationRow& operation, OpType outcome) override {
    const std::string& f = history_.f_text(operation.invoke);
    MutexAction action{
        .acquire = f == "acquire", .process = history_.process(operation.invoke).value(), .fence = {}};
    if (!action.acquire && f != "release") {
      return Error{ErrorCode::kUnsupported, fmt::format("{}; a mutex has acquire and release", f)};
    }
    if (semantics_.fenced && action.acquire && outcome == OpType::kOk) {
      const Cell cell =
          history_.extra(operation.complete, "fence").value_or(history_.value(operation.complete));
      const Value value = history_.pool().value(cell);
      if (value.as_int() == nullptr) {
        return Error{
            ErrorCode::kInvalidArgument,
            fmt::format("an acquire that was answered with {}; a fenced mutex answers with the fence, an "
                        "integer",
                        to_text(value))};
      }
      action.fence = *value.as_int();
    }
    return std::optional<ActionId>(actions_.number(action));
  }

  StateId initial() override { return number({}); }
  [[nodiscard]] bool looks(ActionId) const override { return false; }

  std::optional<StateId> apply(ActionId id, StateId state) override {
    const MutexAction& action = actions_[id];
    State next = at(state);
    if (refuses(action, next)) return std::nullopt;
    if (!action.acquire) {
      --next.holds;
      if (next.holds == 0) next.holder = 0;
      return number(next);
    }
    if (next.holds++ == 0) {
      next.holder = action.process;
      // A fence that nobody saw is at least the next one: the lowest leaves most room for later ones.
      if (semantics_.fenced) next.fence = action.fence ? *action.fence : next.fence + 1;
    }
    return number(next);
  }
  [[nodiscard]] std::uint64_t bytes() const override { return states_.bytes(); }

  [[nodiscard]] std::optional<std::uint32_t> group(ActionId) const override { return std::nullopt; }
  [[nodiscard]] std::string state_text(StateId state) const override {
    const State held = at(state);
    const std::string fence = semantics_.fenced && held.fence > kNoFence
                                  ? fmt::format(", last fence {}", held.fence)
                                  : std::string();
    if (held.holds == 0) return "the mutex is free" + fence;
    const std::string times = held.holds > 1 ? fmt::format(" {} times", held.holds) : std::string();
    return fmt::format("the mutex is held by p{}{}{}", held.holder, times, fence);
  }
  [[nodiscard]] std::string refusal(ActionId id, StateId state) const override {
    const MutexAction& action = actions_[id];
    const State held = at(state);
    if (!action.acquire) {
      return held.holds == 0 ? "it released the mutex, but nobody held it"
                             : fmt::format("it released the mutex, but p{} held it", held.holder);
    }
    if (held.holds > 0 && !may_acquire(action, held))
      return fmt::format("it acquired the mutex, but p{} held it", held.holder);
    if (held.holds > 0)
      return fmt::format("it acquired the mutex again with fence {}, but holds it with {}", *action.fence,
                         held.fence);
    return fmt::format("it got fence {}, but {} was given before", *action.fence, held.fence);
  }

 private:
  static constexpr std::int64_t kNoFence = std::numeric_limits<std::int64_t>::min();

  struct State {
    std::int64_t holder = 0;
    std::int64_t holds = 0;
    std::int64_t fence = kNoFence;  ///< the last that was given
  };

  [[nodiscard]] bool may_acquire(const MutexAction& action, const State& state) const {
    return state.holds == 0 || (semantics_.reentrant && state.holder == action.process);
  }
  [[nodiscard]] bool refuses(const MutexAction& action, const State& state) const {
    if (!action.acquire) return state.holds == 0 || state.holder != action.process;
    if (!may_acquire(action, state)) return true;
    if (!semantics_.fenced || !action.fence) return false;
    return state.holds == 0 ? *action.fence <= state.fence : *action.fence != state.fence;
  }

  StateId number(const State& state) {
    const std::array<std::uint64_t, 3> words{static_cast<std::uint64_t>(state.holder),
                                             static_cast<std::uint64_t>(state.holds),
                                             static_cast<std::uint64_t>(state.fence)};
    return states_.number(words);
  }
  [[nodiscard]] State at(StateId state) const {
    const auto words = states_[state];
    return {static_cast<std::int64_t>(words[0]), static_cast<std::int64_t>(words[1]),
            static_cast<std::int64_t>(words[2])};
  }

  const HistoryTable& history_;
  const MutexSemantics semantics_;
  Numbering<MutexAction> actions_;
  StateTable states_;
};

}  // namespace

ObjectFactory make_mutex(const MutexSemantics& semantics) {
  return [semantics](const HistoryTable& history, const KeySlice&) {
    return std::make_unique<Mutex>(history, semantics);
  };
}

}  // namespace ordeal
