#pragma once
// What a correct object does when it does one operation at a time: the sequential specification that
// linearizability is judged against. One object judges one key of one history; its operations are translated
// to actions first, then the search asks what they do.

#include "checkers/keyed_checker.h"
#include "checkers/linearizability/search_result.h"
#include "common/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ordeal {

/// What an operation does and what it answered, as a number. Operations with equal actions do the same.
using ActionId = std::uint32_t;

/// A state that no remaining operation looks at.
inline constexpr StateId kForgotten = ~StateId{0};

class SequentialObject {
 public:
  SequentialObject() = default;
  SequentialObject(const SequentialObject&) = delete;
  SequentialObject& operator=(const SequentialObject&) = delete;
  virtual ~SequentialObject() = default;

  // Translation.

  /// The action of an operation that did not fail; nothing when it constrains nothing. `outcome` is kOk or
  /// kInfo. The error says what is wrong, without the operation's position.
  [[nodiscard]] virtual Result<std::optional<ActionId>> translate(const OperationRow& operation,
                                                                  OpType outcome) = 0;
  /// Operations of different parts have nothing to do with each other, so each part is judged by itself;
  /// asked when all operations are translated.
  [[nodiscard]] virtual std::uint32_t part(ActionId /*action*/) const { return 0; }
  /// Told of every operation with a known outcome, before the search: how many events there are up to its
  /// response.
  virtual void looked_at_until(ActionId /*action*/, std::uint32_t /*event*/) {}

  // The search.

  [[nodiscard]] virtual StateId initial() = 0;
  /// Whether the action never changes any state.
  [[nodiscard]] virtual bool looks(ActionId action) const = 0;
  /// The state after the action; nothing when its answer would be wrong.
  [[nodiscard]] virtual std::optional<StateId> apply(ActionId action, StateId state) = 0;
  /// kForgotten, when nothing looks at the state from this event on; else the state.
  [[nodiscard]] virtual StateId forget(StateId state, std::uint32_t /*event*/) const { return state; }
  /// Memory of the states, in bytes.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;

  // The story.

  /// Operations with the same number can be left out together: if all have an order, the rest has one.
  /// Nothing: it has to stay.
  [[nodiscard]] virtual std::optional<std::uint32_t> group(ActionId action) const = 0;
  /// "the queue holds [1 2]".
  [[nodiscard]] virtual std::string state_text(StateId state) const = 0;
  /// "it returned 3, but the first element is 2". Requires: !apply(action, state).
  [[nodiscard]] virtual std::string refusal(ActionId action, StateId state) const = 0;
};

/// Makes the object for one key of a history; both outlive it.
using ObjectFactory =
    std::function<std::unique_ptr<SequentialObject>(const HistoryTable& history, const KeySlice& slice)>;

}  // namespace ordeal
