#include "checkers/formats/jepsen_op.h"

#include <fmt/format.h>

#include <utility>

namespace ordeal {
namespace {

constexpr std::size_t kValueShownMax = 200;

std::string without_colon(const std::string& text) {
  return text.starts_with(':') ? text.substr(1) : text;
}

/// Takes the members of one operation's map.
class JepsenMembers {
 public:
  JepsenMembers(Value::Map members, JepsenSyntax syntax, EdnValues values)
      : members_(std::move(members)), colon_(syntax == JepsenSyntax::kEdn ? ":" : ""), values_(values) {}

  Result<JepsenOp> read(std::size_t position) {
    JepsenOp out;
    Op& op = out.op;
    op.process = process();
    op.type = type("type");
    op.key = take("key").value_or(Value());
    op.value = take("value").value_or(Value());
    op.f = f(op.value);
    if (values_ == EdnValues::kIndependent && op.process != kNemesisProcess) split(op);
    if (const std::optional<Value> error = take("error"); error && !error->is_nil()) {
      op.error = error->as_string() != nullptr ? without_colon(*error->as_string()) : to_text(*error);
    }
    own_members(op);
    if (problem_) return Error{ErrorCode::kInvalidArgument, *problem_};
    out.time = time();
    op.extra = rest(position);
    return out;
  }

 private:
  std::optional<Value> take(std::string_view name) {
    const auto it = members_.find(colon_ + std::string(name));
    if (it == members_.end()) return std::nullopt;
    Value value = std::move(it->second);
    members_.erase(it);
    return value;
  }
  void fail(std::string_view name, const std::optional<Value>& found, const std::string& what) {
    if (problem_) return;
    const std::string key = colon_.empty() ? fmt::format("\"{}\"", name) : fmt::format(":{}", name);
    problem_ = fmt::format("{} is {}, expected {}", key, found ? quote_briefly(*found) : "missing", what);
  }

  ProcessId process() {
    const std::optional<Value> value = take("process");
    if (value == Value(colon_ + "nemesis")) return kNemesisProcess;
    const std::int64_t* n = value ? value->as_int() : nullptr;
    if (n != nullptr && *n >= 0) return ProcessId(*n);
    fail("process", value, fmt::format("an integer from 0, or {}nemesis", colon_));
    return ProcessId(0);
  }

  /// What our own printer adds.
  void own_members(Op& op) {
    if (members_.lower_bound(colon_ + "ordeal/") == members_.end()) return;
    if (members_.contains(colon_ + "ordeal/type")) op.type = type("ordeal/type");
    if (const std::optional<Value> node = take("ordeal/node")) {
      const std::string* name = node->as_string();
      op.node = name != nullptr ? parse_node_name(*name) : kNoNode;
      if (op.node == kNoNode) fail("ordeal/node", node, "n and a number from 1");
    }
    if (const std::optional<Value> intended = take("ordeal/intended")) {
      if (intended->as_int() == nullptr) fail("ordeal/intended", intended, "an integer");
      if (intended->as_int() != nullptr) op.intended = Duration(*intended->as_int());
    }
    op.session = number("ordeal/session");
    op.version = number("ordeal/version");
    op.attempt = number("ordeal/attempt");
  }
  std::optional<std::uint64_t> number(std::string_view name) {
    const std::optional<Value> value = take(name);
    if (!value) return std::nullopt;
    const std::int64_t* n = value->as_int();
    if (n != nullptr && *n >= 0) return static_cast<std::uint64_t>(*n);
    fail(name, value, "an integer from 0");
    return std::nullopt;
  }

  OpType type(std::string_view name) {
    const std::optional<Value> value = take(name);
    const std::string* text = value ? value->as_string() : nullptr;
    const std::optional<OpType> type = text != nullptr ? parse_op_type(without_colon(*text)) : std::nullopt;
    if (!type) fail(name, value, fmt::format("{0}invoke, {0}ok, {0}fail or {0}info", colon_));
    return type.value_or(OpType::kInvoke);
  }

  /// Elle's own files leave out what all their operations have in common.
  std::string f(const Value& value_of_op) {
    const std::optional<Value> value = take("f");
    const std::string* text = value ? value->as_string() : nullptr;
    if (text != nullptr && !without_colon(*text).empty()) return without_colon(*text);
    if (!value && value_of_op.as_list() != nullptr) return "txn";
    fail("f", value, colon_.empty() ? "a string that is not empty" : "a keyword");
    return {};
  }

  void split(Op& op) {
    const Value::List* pair = op.value.as_list();
    if (pair == nullptr || pair->size() != 2) {
      fail("value", op.value, "[key value], as the format edn-independent has it");
      return;
    }
    op.key = pair->front();
    op.value = Value(pair->back());
  }

  std::optional<Duration> time() {
    const std::optional<Value> value = take("time");
    if (!value || value->as_int() == nullptr) return std::nullopt;
    return Duration(*value->as_int());
  }

  /// What is left. An index that is the position says nothing new.
  Value::Map rest(std::size_t position) {
    const std::optional<Value> index = take("index");
    Value::Map extra;
    if (index && *index != Value(static_cast<std::int64_t>(position))) extra.emplace("source-index", *index);
    for (auto& [key, value] : members_) extra.emplace(without_colon(key), std::move(value));
    return extra;
  }

  Value::Map members_;
  std::string colon_;
  EdnValues values_;
  std::optional<std::string> problem_;
};

}  // namespace

Result<JepsenOp> read_jepsen_op(Value::Map members, std::size_t position, JepsenSyntax syntax,
                                EdnValues values) {
  return JepsenMembers(std::move(members), syntax, values).read(position);
}

std::string quote_briefly(const Value& value) {
  std::string text = to_text(value);
  return text.size() > kValueShownMax ? "a long value" : text;
}

}  // namespace ordeal
