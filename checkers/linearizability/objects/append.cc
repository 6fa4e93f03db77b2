#include <fmt/format.h>

#include <algorithm>

#include "checkers/dense_numbers.h"
#include "checkers/linearizability/objects/objects.h"
#include "checkers/linearizability/objects/state_table.h"

namespace ordeal {
namespace {

struct AppendAction {
  enum class Kind : std::uint8_t { kAppend, kPut, kRead };

  Kind kind = Kind::kRead;
  StateId state = 0;                 ///< what was put or read
  std::vector<std::uint32_t> units;  ///< what is appended

  friend auto operator<=>(const AppendAction&, const AppendAction&) = default;
};

/// States are the nodes of a trie of everything that was put or read, and of what appends make of it: to
/// append is a step down, to compare is to compare numbers. Nearly all states are dead ends that no later
/// read shows.
class Append final : public SequentialObject {
 public:
  Append(const HistoryTable& history, const KeySlice& slice)
      : history_(history), lists_(has_lists(history, slice)) {}

  Result<std::optional<ActionId>> translate(const OperationRow& operation, OpType outcome) override {
    using Kind = AppendAction::Kind;
    const std::string& f = history_.f_text(operation.invoke);
    if (f == "read" || f == "get") {
      if (outcome != OpType::kOk) return std::optional<ActionId>();
      return whole(Kind::kRead, f, operation.complete);
    }
    if (f == "write" || f == "put") return whole(Kind::kPut, f, operation.invoke);
    if (f != "append")
      return Error{ErrorCode::kUnsupported,
                   fmt::format("{}; here are append, read (get) and write (put)", f)};
    const Value value = history_.pool().value(history_.value(operation.invoke));
    AppendAction action{.kind = Kind::kAppend, .state = 0, .units = {}};
    if (lists_) {
      action.units.push_back(unit(value));
    } else if (const std::string* text = value.as_string()) {
      action.units = units_of(*text);
    } else {
      return Error{
          ErrorCode::kInvalidArgument,
          fmt::format("append {}; where reads answer with texts, texts are appended", to_text(value))};
    }
    return std::optional<ActionId>(actions_.number(action));
  }

  void looked_at_until(ActionId id, std::uint32_t event) override {
    if (actions_[id].kind != AppendAction::Kind::kRead) return;
    live_until_.resize(parents_.size());
    for (StateId node = actions_[id].state; live_until_[node] < event; node = parents_[node]) {
      live_until_[node] = event;
      if (node == kRoot) break;
    }
  }

  StateId initial() override { return kRoot; }
  [[nodiscard]] bool looks(ActionId id) const override {
    const AppendAction& action = actions_[id];
    return action.kind == AppendAction::Kind::kRead ||
           (action.kind == AppendAction::Kind::kAppend && action.units.empty());
  }
  std::optional<StateId> apply(ActionId id, StateId state) override {
    const AppendAction& action = actions_[id];
    if (action.kind == AppendAction::Kind::kPut) return action.state;
    if (action.kind == AppendAction::Kind::kRead)
      return action.state == state ? std::optional(state) : std::nullopt;
    for (const std::uint32_t unit : action.units) {
      if (state == kForgotten) break;
      state = child(state, unit);
    }
    return state;
  }
  [[nodiscard]] StateId forget(StateId state, std::uint32_t event) const override {
    return state < live_until_.size() && live_until_[state] > event ? state : kForgotten;
  }
  [[nodiscard]] std::uint64_t bytes() const override {
    return parents_.capacity() * sizeof(StateId) + children_.size() * sizeof(std::uint64_t) * 2;
  }

  [[nodiscard]] std::optional<std::uint32_t> group(ActionId id) const override {
    return looks(id) ? std::optional(id) : std::nullopt;
  }
  [[nodiscard]] std::string state_text(StateId state) const override {
    return fmt::format("the {} is {}", lists_ ? "list" : "text", end_of(units_of(state)));
  }
  [[nodiscard]] std::string refusal(ActionId id, StateId state) const override {
    const std::vector<std::uint32_t> read = units_of(actions_[id].state);
    const std::vector<std::uint32_t> held = units_of(state);
    const auto same = static_cast<std::size_t>(std::ranges::mismatch(read, held).in1 - read.begin());
    return fmt::format("it returned {}, but the {} is {}", around(read, same), lists_ ? "list" : "text",
                       around(held, same));
  }

 private:
  static constexpr StateId kRoot = 0;
  static constexpr std::size_t kShown = 64;  ///< units of a long text in a sentence

  /// Whether what is read, put or appended first is a list, or a part of one. What failed does not count.
  static bool has_lists(const HistoryTable& history, const KeySlice& slice) {
    for (const OperationRow& operation : slice.operations) {
      const OpType outcome = operation.completed() ? history.type(operation.complete) : OpType::kInfo;
      const std::string& f = history.f_text(operation.invoke);
      const bool reads = f == "read" || f == "get";
      if (outcome == OpType::kFail || (reads && outcome != OpType::kOk)) continue;
      const Value value = history.pool().value(history.value(reads ? operation.complete : operation.invoke));
      if (value.as_list() != nullptr) return true;
      if (value.as_string() != nullptr && f != "append") return false;
      if (value.as_string() == nullptr && !value.is_nil()) return true;
    }
    return false;
  }

  Result<std::optional<ActionId>> whole(AppendAction::Kind kind, const std::string& f, std::uint32_t event) {
    const Value value = history_.pool().value(history_.value(event));
    StateId node = kRoot;
    if (const Value::List* list = value.as_list(); list != nullptr && lists_) {
      for (const Value& element : *list) node = child(node, unit(element));
    } else if (const std::string* text = value.as_string(); text != nullptr && !lists_) {
      for (const std::uint32_t unit : units_of(*text)) node = child(node, unit);
    } else if (!value.is_nil()) {
      return Error{ErrorCode::kInvalidArgument, fmt::format("{} {}; other reads answer with a {}", f,
                                                            to_text(value), lists_ ? "list" : "text")};
    }
    return std::optional<ActionId>(actions_.number({.kind = kind, .state = node, .units = {}}));
  }

  std::uint32_t unit(const Value& element) { return elements_.number(element); }
  static std::vector<std::uint32_t> units_of(const std::string& text) {
    return {reinterpret_cast<const unsigned char*>(text.data()),
            reinterpret_cast<const unsigned char*>(text.data()) + text.size()};
  }

  StateId child(StateId node, std::uint32_t unit) {
    const StateId found = children_.number(std::uint64_t{node} << 32 | unit) + 1;
    if (found == parents_.size()) parents_.push_back(node);
    return found;
  }
  [[nodiscard]] std::vector<std::uint32_t> units_of(StateId state) const {
    std::vector<std::uint32_t> units;
    for (StateId node = state; node != kRoot; node = parents_[node])
      units.push_back(static_cast<std::uint32_t>(children_.word(node - 1)));
    std::ranges::reverse(units);
    return units;
  }

  [[nodiscard]] std::string end_of(const std::vector<std::uint32_t>& units) const {
    return text(units, units.size() > kShown ? units.size() - kShown : 0);
  }
  /// With a little of what is before `focus`, if all of it would be too long.
  [[nodiscard]] std::string around(const std::vector<std::uint32_t>& units, std::size_t focus) const {
    constexpr std::size_t kBefore = 24;
    return text(units, focus > kBefore && units.size() > kShown ? focus - kBefore : 0);
  }
  [[nodiscard]] std::string text(const std::vector<std::uint32_t>& units, std::size_t begin) const {
    const std::size_t end = std::min(units.size(), begin + kShown);
    std::string joined = begin > 0 ? "... " : "";
    for (std::size_t i = begin; i < end; ++i) {
      if (!lists_) joined += static_cast<char>(units[i]);
      if (lists_) joined += fmt::format("{}{}", i > begin ? " " : "", to_text(elements_[units[i]]));
    }
    if (end < units.size()) joined += " ...";
    return lists_ ? "[" + joined + "]" : to_text(Value(joined));
  }

  const HistoryTable& history_;
  const bool lists_;
  Numbering<Value> elements_;
  Numbering<AppendAction> actions_;
  DenseNumbers children_;                   ///< (node, unit) -> the child's number, less one
  std::vector<StateId> parents_ = {kRoot};  ///< by node
  std::vector<std::uint32_t>
      live_until_;  ///< by node: events after which no read shows it, or what grows from it
};

}  // namespace

ObjectFactory make_append() {
  return [](const HistoryTable& history, const KeySlice& slice) {
    return std::make_unique<Append>(history, slice);
  };
}

}  // namespace ordeal
