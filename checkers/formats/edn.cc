#include "checkers/formats/edn.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "checkers/formats/edn_text.h"
#include "checkers/formats/foreign_ops.h"

namespace ordeal {
namespace {

std::string without_colon(const std::string& text) {
  return text.starts_with(':') ? text.substr(1) : text;
}

/// For messages: a file may hold anything, of any length.
std::string quote(const Value& value) {
  constexpr std::size_t kQuotedMax = 200;
  std::string text = to_text(value);
  return text.size() > kQuotedMax ? "a long value" : text;
}

/// Takes the members of one operation's map.
class EdnOp {
 public:
  EdnOp(Value::Map members, EdnValues values) : members_(std::move(members)), values_(values) {}

  Result<Op> read() {
    Op op;
    op.process = process();
    op.type = type();
    op.f = f();
    op.key = take(":key").value_or(Value());
    op.value = take(":value").value_or(Value());
    if (values_ == EdnValues::kIndependent && op.process != kNemesisProcess) split(op);
    if (const std::optional<Value> error = take(":error"); error && !error->is_nil()) {
      op.error = error->as_string() != nullptr ? without_colon(*error->as_string()) : to_text(*error);
    }
    if (problem_) return Error{ErrorCode::kInvalidArgument, *problem_};
    return op;
  }

  std::optional<Duration> time() {
    const std::optional<Value> value = take(":time");
    if (!value || value->as_int() == nullptr) return std::nullopt;
    return Duration(*value->as_int());
  }

  /// What is left, for Op::extra. An index that is the position says nothing new.
  Value::Map rest(std::size_t position) {
    const std::optional<Value> index = take(":index");
    Value::Map extra;
    if (index && *index != Value(static_cast<std::int64_t>(position))) extra.emplace("source-index", *index);
    for (auto& [key, value] : members_) extra.emplace(without_colon(key), std::move(value));
    return extra;
  }

 private:
  std::optional<Value> take(std::string_view key) {
    const auto it = members_.find(key);
    if (it == members_.end()) return std::nullopt;
    Value value = std::move(it->second);
    members_.erase(it);
    return value;
  }
  void fail(std::string_view key, const std::optional<Value>& found, std::string_view what) {
    if (problem_) return;
    problem_ = fmt::format("{} is {}, expected {}", key, found ? quote(*found) : "missing", what);
  }

  ProcessId process() {
    const std::optional<Value> value = take(":process");
    if (value == Value(":nemesis")) return kNemesisProcess;
    const std::int64_t* n = value ? value->as_int() : nullptr;
    if (n != nullptr && *n >= 0) return ProcessId(*n);
    fail(":process", value, "an integer from 0, or :nemesis");
    return ProcessId(0);
  }

  OpType type() {
    const std::optional<Value> value = take(":type");
    const std::string* text = value ? value->as_string() : nullptr;
    const std::optional<OpType> type = text != nullptr ? parse_op_type(without_colon(*text)) : std::nullopt;
    if (!type) fail(":type", value, ":invoke, :ok, :fail or :info");
    return type.value_or(OpType::kInvoke);
  }

  std::string f() {
    const std::optional<Value> value = take(":f");
    const std::string* text = value ? value->as_string() : nullptr;
    if (text != nullptr && !without_colon(*text).empty()) return without_colon(*text);
    fail(":f", value, "a keyword");
    return {};
  }

  void split(Op& op) {
    const Value::List* pair = op.value.as_list();
    if (pair == nullptr || pair->size() != 2) {
      fail(":value", op.value, "[key value], as the format edn-independent has it");
      return;
    }
    op.key = pair->front();
    op.value = Value(pair->back());
  }

  Value::Map members_;
  EdnValues values_;
  std::optional<std::string> problem_;
};

/// The map of an operation; also of a record, which Clojure writes as a tagged map.
Value::Map* find_members(Value& form) {
  Value::Map* map = form.as_map();
  if (map == nullptr || map->size() != 1 || !map->begin()->first.starts_with('#')) return map;
  return map->begin()->second.as_map();
}

}  // namespace

Result<ParsedHistory> parse_edn_history(std::string_view text, EdnValues values) {
  Result<std::vector<EdnForm>> forms = parse_edn_items(text);
  if (!forms.ok()) return forms.error();
  ForeignOps ops;
  std::size_t position = 0;
  for (EdnForm& form : *forms) {
    Value::Map* members = find_members(form.value);
    if (members == nullptr) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("line {}: expected a map, such as {{:process 0, :type "
                               ":invoke, :f :read, :value nil}}, but it is {}",
                               form.line, quote(form.value))};
    }
    EdnOp reader(std::move(*members), values);
    Result<Op> op = reader.read();
    if (!op.ok()) return Error{op.error().code, fmt::format("line {}: {}", form.line, op.error().message)};
    const std::optional<Duration> time = reader.time();
    op->extra = reader.rest(position++);
    ops.add(*std::move(op), time);
  }
  return std::move(ops).finish();
}

}  // namespace ordeal
