#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "checkers/dense_numbers.h"
#include "checkers/linearizability/objects/objects.h"
#include "checkers/linearizability/objects/state_table.h"

namespace ordeal {
namespace {

struct SetAction {
  enum class Kind : std::uint8_t { kAdd, kRemove, kContains, kRead };

  Kind kind = Kind::kRead;
  std::uint64_t element = 0;
  std::uint32_t part = 0;          ///< number of the element
  std::optional<bool> answer;      ///< of an add or a remove: whether it changed the set
  std::vector<std::uint64_t> all;  ///< of a read; ascending

  friend auto operator<=>(const SetAction&, const SetAction&) = default;
};

class Set final : public SequentialObject {
 public:
  explicit Set(const HistoryTable& history) : history_(history) {}

  Result<std::optional<ActionId>> translate(const OperationRow& operation, OpType outcome) override {
    const std::string& f = history_.f_text(operation.invoke);
    const bool ok = outcome == OpType::kOk;
    if (f == "read") return ok ? read(operation) : Result<std::optional<ActionId>>(std::nullopt);
    SetAction action;
    action.element = history_.value(operation.invoke).bits;
    action.part = elements_.number(action.element);
    if (f == "contains") {
      if (!ok) return std::optional<ActionId>();
      action.kind = SetAction::Kind::kContains;
      action.answer = boolean(operation);
      if (!action.answer) {
        return Error{ErrorCode::kInvalidArgument,
                     fmt::format("contains -> {}; the answer is true or false",
                                 to_text(history_.pool().value(history_.value(operation.complete))))};
      }
      return std::optional<ActionId>(actions_.number(action));
    }
    if (f != "add" && f != "remove")
      return Error{ErrorCode::kUnsupported, fmt::format("{}; a set has add, remove, contains and read", f)};
    action.kind = f == "add" ? SetAction::Kind::kAdd : SetAction::Kind::kRemove;
    // A set of booleans would answer with its elements: those say nothing.
    const bool of_booleans = history_.pool().value(history_.value(operation.invoke)).as_bool() != nullptr;
    if (ok && !of_booleans) action.answer = boolean(operation);
    return std::optional<ActionId>(actions_.number(action));
  }
  [[nodiscard]] std::uint32_t part(ActionId id) const override { return reads_ ? 0 : actions_[id].part; }

  StateId initial() override { return states_.number({}); }
  [[nodiscard]] bool looks(ActionId id) const override {
    const SetAction& action = actions_[id];
    return action.kind == SetAction::Kind::kContains || action.kind == SetAction::Kind::kRead ||
           action.answer == false;
  }
  std::optional<StateId> apply(ActionId id, StateId state) override {
    const SetAction& action = actions_[id];
    const auto held = states_[state];
    if (action.kind == SetAction::Kind::kRead)
      return std::ranges::equal(held, action.all) ? std::optional(state) : std::nullopt;
    const auto at = std::ranges::lower_bound(held, action.element);
    const bool there = at != held.end() && *at == action.element;
    if (!agrees(action, there)) return std::nullopt;
    const bool adds = action.kind == SetAction::Kind::kAdd;
    if (action.kind == SetAction::Kind::kContains || there == adds) return state;
    std::vector<std::uint64_t> next(held.begin(), at);
    if (adds) next.push_back(action.element);
    next.insert(next.end(), there ? at + 1 : at, held.end());
    return states_.number(next);
  }
  [[nodiscard]] std::uint64_t bytes() const override { return states_.bytes(); }

  [[nodiscard]] std::optional<std::uint32_t> group(ActionId id) const override {
    return looks(id) ? std::optional(id) : std::nullopt;
  }
  [[nodiscard]] std::string state_text(StateId state) const override {
    return "the set holds " + list(states_[state]);
  }
  [[nodiscard]] std::string refusal(ActionId id, StateId state) const override {
    const SetAction& action = actions_[id];
    const auto held = states_[state];
    if (action.kind == SetAction::Kind::kRead) return difference(action.all, held);
    const bool there = std::ranges::binary_search(held, action.element);
    const std::string element = text(action.element);
    if (action.kind == SetAction::Kind::kContains)
      return fmt::format("it said that {} is {}, but it is {}", element,
                         *action.answer ? "there" : "not there", there ? "there" : "not there");
    return fmt::format("it said that it {} the set, but {} was {}",
                       *action.answer ? "changed" : "did not change", element, there ? "there" : "not there");
  }

 private:
  Result<std::optional<ActionId>> read(const OperationRow& operation) {
    const Value value = history_.pool().value(history_.value(operation.complete));
    const Value::List* list = value.as_list();
    if (list == nullptr) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("read -> {}; a read of a set answers with a list", to_text(value))};
    }
    SetAction action;
    for (const Value& element : *list) action.all.push_back(cell_of(element));
    std::ranges::sort(action.all);
    reads_ = true;
    return std::optional<ActionId>(actions_.number(action));
  }

  /// The word of an element; elements that no operation mentions get words that no cell has.
  std::uint64_t cell_of(const Value& element) {
    if (const std::optional<Cell> cell = history_.pool().find(element)) return cell->bits;
    return ~std::uint64_t{strangers_.number(element)};
  }
  [[nodiscard]] std::string text(std::uint64_t word) const {
    return to_text(~word < strangers_.size() ? strangers_[static_cast<std::uint32_t>(~word)]
                                             : history_.pool().value(Cell{word}));
  }
  template <class Words>
  [[nodiscard]] std::string list(const Words& words) const {
    constexpr std::size_t kShown = 12;
    std::vector<std::string> texts;
    for (const std::uint64_t word : words) {
      if (texts.size() == kShown) break;
      texts.push_back(text(word));
    }
    const std::size_t more = words.size() - texts.size();
    return fmt::format("[{}{}]", fmt::join(texts, " "), more > 0 ? fmt::format(" and {} more", more) : "");
  }
  [[nodiscard]] std::string difference(const std::vector<std::uint64_t>& read,
                                       std::span<const std::uint64_t> held) const {
    if (const auto twice = std::ranges::adjacent_find(read); twice != read.end())
      return fmt::format("it returned {} more than once", text(*twice));
    std::vector<std::uint64_t> missing;
    std::vector<std::uint64_t> extra;
    std::ranges::set_difference(held, read, std::back_inserter(missing));
    std::ranges::set_difference(read, held, std::back_inserter(extra));
    if (missing.empty()) return fmt::format("it returned {}, which is not in the set", list(extra));
    if (extra.empty()) return fmt::format("it did not return {}, which is in the set", list(missing));
    return fmt::format("it returned {}, which is not in the set, and not {}, which is", list(extra),
                       list(missing));
  }

  [[nodiscard]] std::optional<bool> boolean(const OperationRow& operation) const {
    const Value value = history_.pool().value(history_.value(operation.complete));
    return value.as_bool() != nullptr ? std::optional(*value.as_bool()) : std::nullopt;
  }
  static bool agrees(const SetAction& action, bool there) {
    if (!action.answer) return true;
    return *action.answer == (action.kind == SetAction::Kind::kAdd ? !there : there);
  }

  const HistoryTable& history_;
  Numbering<SetAction> actions_;
  DenseNumbers elements_;
  Numbering<Value> strangers_;
  StateTable states_;
  bool reads_ = false;
};

}  // namespace

ObjectFactory make_set() {
  return [](const HistoryTable& history, const KeySlice&) { return std::make_unique<Set>(history); };
}

}  // namespace ordeal
