#include <fmt/format.h>

#include <array>

#include "checkers/linearizability/objects/objects.h"
#include "checkers/linearizability/objects/state_table.h"

namespace ordeal {
namespace {

struct CounterAction {
  bool read = false;
  std::int64_t number = 0;  ///< what is added, or what was read

  friend auto operator<=>(const CounterAction&, const CounterAction&) = default;
};

class Counter final : public SequentialObject {
 public:
  explicit Counter(const HistoryTable& history) : history_(history) {}

  Result<std::optional<ActionId>> translate(const OperationRow& operation, OpType outcome) override {
    const std::string& f = history_.f_text(operation.invoke);
    if (f == "read") {
      if (outcome != OpType::kOk) return std::optional<ActionId>();
      return action(true, operation.complete, std::nullopt, 1);
    }
    if (f == "add") return action(false, operation.invoke, std::nullopt, 1);
    if (f == "increment") return action(false, operation.invoke, 1, 1);
    if (f == "decrement") return action(false, operation.invoke, 1, -1);
    return Error{ErrorCode::kUnsupported,
                 fmt::format("{}; a counter has add, increment, decrement and read", f)};
  }

  StateId initial() override { return number(0); }
  [[nodiscard]] bool looks(ActionId id) const override {
    return actions_[id].read || actions_[id].number == 0;
  }
  std::optional<StateId> apply(ActionId id, StateId state) override {
    const CounterAction& action = actions_[id];
    if (action.read) return sum(state) == action.number ? std::optional(state) : std::nullopt;
    return number(static_cast<std::uint64_t>(sum(state)) + static_cast<std::uint64_t>(action.number));
  }
  [[nodiscard]] std::uint64_t bytes() const override { return states_.bytes(); }

  [[nodiscard]] std::optional<std::uint32_t> group(ActionId id) const override {
    return actions_[id].read ? std::optional(id) : std::nullopt;
  }
  [[nodiscard]] std::string state_text(StateId state) const override {
    return fmt::format("the counter is {}", sum(state));
  }
  [[nodiscard]] std::string refusal(ActionId id, StateId state) const override {
    return fmt::format("it returned {}, but the counter is {}", actions_[id].number, sum(state));
  }

 private:
  /// The number at an event of the history, or `otherwise` when there is none.
  Result<std::optional<ActionId>> action(bool read, std::uint32_t event,
                                         std::optional<std::int64_t> otherwise, std::int64_t sign) {
    const Value value = history_.pool().value(history_.value(event));
    if (value.is_nil() && otherwise)
      return std::optional<ActionId>(actions_.number({.read = read, .number = sign * *otherwise}));
    const std::int64_t* number = value.as_int();
    if (number == nullptr || *number == std::numeric_limits<std::int64_t>::min()) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{} {}; a counter has integers", history_.f_text(event), to_text(value))};
    }
    if (!read && __builtin_add_overflow(added_, *number < 0 ? -*number : *number, &added_))
      return Error{ErrorCode::kUnsupported, "an add with which the sum may not fit into 64 bits"};
    return std::optional<ActionId>(actions_.number({.read = read, .number = sign * *number}));
  }

  StateId number(std::uint64_t sum) { return states_.number(std::array{sum}); }
  [[nodiscard]] std::int64_t sum(StateId state) const { return static_cast<std::int64_t>(states_[state][0]); }

  const HistoryTable& history_;
  std::int64_t added_ = 0;  ///< what was added and subtracted, without signs
  Numbering<CounterAction> actions_;
  StateTable states_;
};

}  // namespace

ObjectFactory make_counter() {
  return [](const HistoryTable& history, const KeySlice&) { return std::make_unique<Counter>(history); };
}

}  // namespace ordeal
