#include <fmt/format.h>

#include "checkers/dense_numbers.h"
#include "checkers/linearizability/objects/objects.h"
#include "checkers/linearizability/objects/state_table.h"

namespace ordeal {
namespace {

struct QueueAction {
  enum class Kind : std::uint8_t { kEnqueue, kDequeue, kDequeueAny, kDequeueNothing };

  Kind kind = Kind::kEnqueue;
  std::uint64_t element = 0;
  std::uint32_t number = 0;  ///< of the element; 0: none

  friend auto operator<=>(const QueueAction&, const QueueAction&) = default;
};

class FifoQueue final : public SequentialObject {
 public:
  explicit FifoQueue(const HistoryTable& history) : history_(history) {}

  Result<std::optional<ActionId>> translate(const OperationRow& operation, OpType outcome) override {
    using Kind = QueueAction::Kind;
    const std::string& f = history_.f_text(operation.invoke);
    const auto action = [this](Kind kind, Cell element) {
      return std::optional<ActionId>(
          actions_.number({kind, element.bits, element.is_nil() ? 0 : elements_.number(element.bits) + 1}));
    };
    if (f == "enqueue" && history_.value(operation.invoke).is_nil()) {
      return Error{ErrorCode::kInvalidArgument,
                   "an enqueue of nil, which a dequeue from an empty queue answers"};
    }
    if (f == "enqueue") return action(Kind::kEnqueue, history_.value(operation.invoke));
    if (f != "dequeue")
      return Error{ErrorCode::kUnsupported, fmt::format("{}; a queue has enqueue and dequeue", f)};
    if (outcome != OpType::kOk) return action(Kind::kDequeueAny, Cell());
    const Cell element = history_.value(operation.complete);
    return action(element.is_nil() ? Kind::kDequeueNothing : Kind::kDequeue, element);
  }

  StateId initial() override { return states_.number({}); }
  [[nodiscard]] bool looks(ActionId id) const override {
    return actions_[id].kind == QueueAction::Kind::kDequeueNothing;
  }
  std::optional<StateId> apply(ActionId id, StateId state) override {
    const QueueAction& action = actions_[id];
    const auto held = states_[state];
    switch (action.kind) {
      case QueueAction::Kind::kEnqueue: {
        std::vector<std::uint64_t> next(held.begin(), held.end());
        next.push_back(action.element);
        return states_.number(next);
      }
      case QueueAction::Kind::kDequeueNothing:
        return held.empty() ? std::optional(state) : std::nullopt;
      case QueueAction::Kind::kDequeue:
        if (held.empty() || held.front() != action.element) return std::nullopt;
        break;
      case QueueAction::Kind::kDequeueAny:
        if (held.empty()) return state;
        break;
    }
    return states_.number(std::vector<std::uint64_t>(held.begin() + 1, held.end()));
  }
  [[nodiscard]] std::uint64_t bytes() const override { return states_.bytes(); }

  /// Without an element, what went in before and after it still comes out in order.
  [[nodiscard]] std::optional<std::uint32_t> group(ActionId id) const override {
    const QueueAction& action = actions_[id];
    if (action.kind == QueueAction::Kind::kDequeueAny) return std::nullopt;
    return action.number;
  }
  [[nodiscard]] std::string state_text(StateId state) const override {
    const auto held = states_[state];
    if (held.empty()) return "the queue is empty";
    constexpr std::size_t kShown = 12;
    std::string text = "the queue holds";
    for (std::size_t i = 0; i < held.size() && i < kShown; ++i) text += " " + element_text(held[i]);
    return held.size() > kShown ? text + fmt::format(" and {} more", held.size() - kShown) : text;
  }
  [[nodiscard]] std::string refusal(ActionId id, StateId state) const override {
    const QueueAction& action = actions_[id];
    const auto held = states_[state];
    if (action.kind == QueueAction::Kind::kDequeueNothing)
      return fmt::format("it found the queue empty, but {} is first", element_text(held.front()));
    if (held.empty())
      return fmt::format("it dequeued {}, but the queue is empty", element_text(action.element));
    return fmt::format("it dequeued {}, but {} is first", element_text(action.element),
                       element_text(held.front()));
  }

 private:
  [[nodiscard]] std::string element_text(std::uint64_t word) const {
    return to_text(history_.pool().value(Cell{word}));
  }

  const HistoryTable& history_;
  Numbering<QueueAction> actions_;
  DenseNumbers elements_;
  StateTable states_;
};

}  // namespace

ObjectFactory make_fifo_queue() {
  return [](const HistoryTable& history, const KeySlice&) { return std::make_unique<FifoQueue>(history); };
}

}  // namespace ordeal
