#include <fmt/format.h>

#include <algorithm>

#include "checkers/linearizability/objects/objects.h"
#include "checkers/linearizability/objects/state_table.h"
#include "checkers/micro_op.h"

namespace ordeal {
namespace {

/// A read or a write of one register within a transaction.
struct Access {
  bool read = false;
  std::uint32_t reg = 0;
  std::uint32_t value = 0;

  friend auto operator<=>(const Access&, const Access&) = default;
};

class MultiRegister final : public SequentialObject {
 public:
  MultiRegister(const HistoryTable& history, const Value& initial) : history_(history) {
    nil_ = values_.number(Value());
    if (initial.as_map() == nullptr) return;
    for (const auto& [key, value] : *initial.as_map()) {
      // Keys of JSON are texts, those of a history may be numbers.
      initial_[registers_.number(Value(key))] = values_.number(value);
    }
  }

  Result<std::optional<ActionId>> translate(const OperationRow& operation, OpType outcome) override {
    const bool ok = outcome == OpType::kOk;
    const Cell cell = history_.value(ok ? operation.complete : operation.invoke);
    const Value value = history_.pool().value(cell);
    if (history_.f_text(operation.invoke) != "txn") {
      return Error{ErrorCode::kUnsupported,
                   fmt::format("{}; several registers have txn", history_.f_text(operation.invoke))};
    }
    if (value.as_list() == nullptr) return malformed(value);
    std::vector<Access> accesses;
    for (const Value& step : *value.as_list()) {
      const std::optional<MicroOp> micro_op = as_micro_op(step);
      const bool read = micro_op && (micro_op->f == "read" || micro_op->f == "r");
      if (!read && !(micro_op && (micro_op->f == "write" || micro_op->f == "w"))) return malformed(step);
      if (read && (!ok || micro_op->value->is_nil())) continue;
      accesses.push_back({.read = read,
                          .reg = registers_.number(key_of(*micro_op->key)),
                          .value = values_.number(*micro_op->value)});
    }
    if (accesses.empty()) return std::optional<ActionId>();
    return std::optional<ActionId>(actions_.number(accesses));
  }

  StateId initial() override {
    std::vector<std::uint64_t> words(registers_.size(), nil_);
    for (const auto& [reg, value] : initial_) words[reg] = value;
    return states_.number(words);
  }
  [[nodiscard]] bool looks(ActionId id) const override {
    return std::ranges::all_of(actions_[id], [](const Access& access) { return access.read; });
  }
  std::optional<StateId> apply(ActionId id, StateId state) override {
    next_.assign(states_[state].begin(), states_[state].end());
    for (const Access& access : actions_[id]) {
      std::uint64_t& held = next_[access.reg];
      if (access.read && held != access.value) return std::nullopt;
      held = access.value;
    }
    return states_.number(next_);
  }
  [[nodiscard]] std::uint64_t bytes() const override { return states_.bytes(); }

  [[nodiscard]] std::optional<std::uint32_t> group(ActionId id) const override {
    return looks(id) ? std::optional(id) : std::nullopt;
  }
  [[nodiscard]] std::string state_text(StateId state) const override {
    std::string text = "the registers hold";
    for (std::uint32_t reg = 0; reg < registers_.size(); ++reg)
      text += fmt::format("{} {}={}", reg > 0 ? "," : "", to_text(registers_[reg]), held(state, reg));
    return text;
  }
  [[nodiscard]] std::string refusal(ActionId id, StateId state) const override {
    std::vector<std::uint64_t> now(states_[state].begin(), states_[state].end());
    for (const Access& access : actions_[id]) {
      if (access.read && now[access.reg] != access.value) {
        return fmt::format("it read {} from {}, which holds {}", to_text(values_[access.value]),
                           to_text(registers_[access.reg]),
                           to_text(values_[static_cast<std::uint32_t>(now[access.reg])]));
      }
      now[access.reg] = access.value;
    }
    return {};
  }

 private:
  [[nodiscard]] static Error malformed(const Value& value) {
    return {
        ErrorCode::kInvalidArgument,
        fmt::format("{}; a transaction over registers is a list of [read KEY VALUE] and [write KEY VALUE]",
                    to_text(value))};
  }
  /// EDN's keywords are texts with a colon; in the initial values they may be written without.
  static Value key_of(const Value& key) {
    if (key.as_int() != nullptr) return Value(std::to_string(*key.as_int()));
    const std::string* text = key.as_string();
    return text != nullptr && text->starts_with(':') ? Value(text->substr(1)) : key;
  }
  [[nodiscard]] std::string held(StateId state, std::uint32_t reg) const {
    return to_text(values_[static_cast<std::uint32_t>(states_[state][reg])]);
  }

  const HistoryTable& history_;
  Numbering<Value> registers_;
  Numbering<Value> values_;
  std::uint32_t nil_ = 0;
  std::map<std::uint32_t, std::uint32_t> initial_;  ///< by register
  Numbering<std::vector<Access>> actions_;
  StateTable states_;
  std::vector<std::uint64_t> next_;  ///< used within apply only
};

}  // namespace

ObjectFactory make_multi_register(const Value& initial) {
  return [initial](const HistoryTable& history, const KeySlice&) {
    return std::make_unique<MultiRegister>(history, initial);
  };
}

}  // namespace ordeal
