#include "checkers/formats/jsonl.h"

#include <fmt/format.h>

#include <utility>

#include "checkers/formats/json_reader.h"
#include "checkers/formats/json_text.h"

namespace ordeal {
namespace {

void append_number(std::string& out, std::string_view key, std::optional<std::uint64_t> n) {
  if (n) fmt::format_to(std::back_inserter(out), ",\"{}\":{}", key, *n);
}

Error expected(std::string_view key, const Value& found, std::string_view what) {
  constexpr std::size_t kQuotedMax = 200;
  std::string quoted = print_json(found);
  if (quoted.size() > kQuotedMax) quoted = "a long value";
  return {ErrorCode::kInvalidArgument, fmt::format("\"{}\" is {}, expected {}", key, quoted, what)};
}

/// Takes the known members out of a JSON object and gives an Op; what is left over is kept as `extra`.
class OpReader {
 public:
  explicit OpReader(JsonDocument document) : wide_(std::move(document.wide)) {
    if (Value::Map* map = document.value.as_map()) members_ = std::move(*map);
  }

  Result<Op> read() {
    Op op;
    op.index = integer("index");
    op.time = Duration(integer("time"));
    op.process = process();
    op.type = type();
    op.f = text("f", true);
    op.key = take("key").value_or(Value());
    op.value = take("value").value_or(Value());
    op.error = text("error", false);
    op.node = node();
    if (const std::optional<Value> intended = take("intended"); intended && !intended->is_nil()) {
      op.intended = Duration(integer("intended", *intended));
    }
    op.session = number("session");
    op.version = number("version");
    op.attempt = number("attempt");
    for (const auto& [key, n] : wide_) {
      fail({ErrorCode::kInvalidArgument,
            fmt::format("\"{}\" is {}, which does not fit into a signed 64-bit integer", key, n)});
    }
    op.extra = std::move(members_);
    if (problem_) return *problem_;
    return op;
  }

 private:
  std::optional<Value> take(std::string_view key) {
    const auto it = members_.find(key);
    if (it == members_.end()) return std::nullopt;
    Value value = std::move(it->second);
    members_.erase(it);
    return value;
  }
  Value take_required(std::string_view key, std::string_view what) {
    std::optional<Value> value = take(key);
    if (!value) fail({ErrorCode::kInvalidArgument, fmt::format("\"{}\" is missing, expected {}", key, what)});
    return std::move(value).value_or(Value());
  }
  void fail(Error error) {
    if (!problem_) problem_ = std::move(error);
  }

  std::int64_t integer(std::string_view key) { return integer(key, take_required(key, "an integer")); }
  std::int64_t integer(std::string_view key, const Value& value) {
    if (const std::int64_t* n = value.as_int()) return *n;
    fail(expected(key, value, "an integer"));
    return 0;
  }

  std::optional<std::uint64_t> number(std::string_view key) {
    const std::optional<Value> value = take(key);
    if (const auto it = wide_.find(key); it != wide_.end()) {
      const std::uint64_t n = it->second;
      wide_.erase(it);
      return n;
    }
    if (!value || value->is_nil()) return std::nullopt;
    const std::int64_t* n = value->as_int();
    if (n != nullptr && *n >= 0) return static_cast<std::uint64_t>(*n);
    fail(expected(key, *value, "an integer from 0"));
    return std::nullopt;
  }

  std::string text(std::string_view key, bool required) {
    constexpr std::string_view kWhat = "a string";
    const Value value = required ? take_required(key, kWhat) : take(key).value_or(Value());
    if (const std::string* text = value.as_string(); text != nullptr && (!required || !text->empty()))
      return *text;
    if (required || !value.is_nil())
      fail(expected(key, value, required ? "a string that is not empty" : kWhat));
    return {};
  }

  ProcessId process() {
    constexpr std::string_view kWhat = "an integer from 0, or \"nemesis\"";
    const Value value = take_required("process", kWhat);
    if (value == Value("nemesis")) return kNemesisProcess;
    if (const std::int64_t* n = value.as_int(); n != nullptr && *n >= 0) return ProcessId(*n);
    fail(expected("process", value, kWhat));
    return ProcessId(0);
  }

  OpType type() {
    constexpr std::string_view kWhat = "invoke, ok, fail or info";
    const Value value = take_required("type", kWhat);
    const std::string* text = value.as_string();
    const std::optional<OpType> type = text != nullptr ? parse_op_type(*text) : std::nullopt;
    if (!type) fail(expected("type", value, kWhat));
    return type.value_or(OpType::kInvoke);
  }

  NodeId node() {
    const Value value = take("node").value_or(Value());
    if (value.is_nil()) return kNoNode;
    const NodeId node = value.as_string() != nullptr ? parse_node_name(*value.as_string()) : kNoNode;
    if (node == kNoNode) fail(expected("node", value, "n and a number from 1"));
    return node;
  }

  Value::Map members_;
  std::map<std::string, std::uint64_t, std::less<>> wide_;
  std::optional<Error> problem_;
};

}  // namespace

Result<Op> parse_jsonl_op(std::string_view line) {
  Result<JsonDocument> document = read_json(line);
  if (!document.ok()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("expected one JSON object, but {}", document.error().message)};
  }
  if (document->value.as_map() == nullptr) {
    return Error{ErrorCode::kInvalidArgument, "expected a JSON object, such as {\"index\":0,\"time\":0,...}"};
  }
  return OpReader(std::move(*document)).read();
}

std::string print_jsonl(const Op& op) {
  std::string out = fmt::format("{{\"index\":{},\"time\":{},\"process\":", op.index, op.time.ns());
  out += op.process == kNemesisProcess ? "\"nemesis\"" : fmt::format("{}", op.process);
  out += fmt::format(",\"type\":\"{}\",\"f\":", to_text(op.type));
  append_json_string(out, op.f);
  out += ",\"key\":";
  append_json(out, op.key);
  out += ",\"value\":";
  append_json(out, op.value);
  if (!op.error.empty()) {
    out += ",\"error\":";
    append_json_string(out, op.error);
  }
  if (op.node != kNoNode) out += ",\"node\":\"" + node_name(op.node) + '"';
  if (op.intended) out += fmt::format(",\"intended\":{}", op.intended->ns());
  append_number(out, "session", op.session);
  append_number(out, "version", op.version);
  append_number(out, "attempt", op.attempt);
  for (const auto& [key, value] : op.extra) {
    out += ',';
    append_json_string(out, key);
    out += ':';
    append_json(out, value);
  }
  out += '}';
  return out;
}

std::string print_jsonl(const History& history) {
  std::string out;
  for (const Op& op : history) {
    out += print_jsonl(op);
    out += '\n';
  }
  return out;
}

Status JsonlReader::feed(std::string_view bytes) {
  return lines_.feed(bytes, [this](std::string_view line) -> Status {
    Result<Op> op = parse_jsonl_op(line);
    if (!op.ok()) return op.error();
    parsed_.history.push_back(*std::move(op));
    return {};
  });
}

ParsedHistory JsonlReader::finish() && {
  if (const std::optional<std::string> note = lines_.note()) parsed_.notes.push_back(*note);
  return std::move(parsed_);
}

Result<ParsedHistory> parse_jsonl(std::string_view text) {
  JsonlReader reader;
  if (Status status = reader.feed(text); !status.ok()) return status.error();
  return std::move(reader).finish();
}

}  // namespace ordeal
