#include "node/host/duties/api_json.h"

#include "common/byte_text.h"
#include "node/host/duties/http_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace ordeal::host {
namespace {

namespace json = boost::json;

std::string_view text_of(const json::string& text) {
  return {text.data(), text.size()};
}

Result<json::value> parse(std::string_view body, const json::storage_ptr& memory) {
  json::error_code error;
  json::value value = json::parse(json::string_view(body.data(), body.size()), error, memory);
  if (error) return invalid_argument("the body is no JSON: " + error.message());
  if (!value.is_object()) return invalid_argument("the body is no JSON object");
  return value;
}

template <std::size_t Size>
Status only_members(const json::object& object, const std::array<std::string_view, Size>& allowed) {
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
      return invalid_argument(
          fmt::format("unknown member '{}'; allowed are {}", name, fmt::join(allowed, ", ")));
  }
  return {};
}

Result<Bytes> parse_bytes(const json::value& value, std::string_view name) {
  if (const json::string* text = value.if_string()) return Bytes(text_of(*text));
  const json::object* object = value.if_object();
  const json::value* encoded =
      object != nullptr && object->size() == 1 ? object->if_contains("base64") : nullptr;
  if (encoded == nullptr || !encoded->is_string())
    return invalid_argument(fmt::format("'{}' must be a string or {{\"base64\": \"...\"}}", name));
  auto bytes = decode_base64(text_of(encoded->get_string()));
  if (!bytes) return invalid_argument(fmt::format("'{}' is no base64", name));
  return std::move(*bytes);
}

Result<std::uint64_t> parse_count(const json::value& value, std::string_view name) {
  if (const auto* n = value.if_int64(); n != nullptr && *n >= 0) return static_cast<std::uint64_t>(*n);
  if (const auto* n = value.if_uint64()) return *n;
  return invalid_argument(fmt::format("'{}' must be a whole number from 0", name));
}

/// A member that a step must have, or must not have, as its kind says.
Result<Bytes> step_bytes(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr) return invalid_argument(fmt::format("a step has no '{}'", name));
  return parse_bytes(*value, name);
}

Result<kv::Step> parse_step(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return invalid_argument("a step is no object");
  const json::value* op = object->if_contains("op");
  if (op == nullptr || !op->is_string()) return invalid_argument("a step has no 'op'");
  const auto kind = kv::parse_step_kind(text_of(op->get_string()));
  if (!kind) return invalid_argument("'op' must be get, put, delete, cas or append");
  kv::Step step;
  step.kind = *kind;
  const bool writes =
      *kind == kv::StepKind::kPut || *kind == kv::StepKind::kCas || *kind == kv::StepKind::kAppend;
  Status members;
  if (*kind == kv::StepKind::kCas) {
    members = only_members(*object, std::array<std::string_view, 4>{"op", "key", "expected", "value"});
  } else if (writes) {
    members = only_members(*object, std::array<std::string_view, 3>{"op", "key", "value"});
  } else {
    members = only_members(*object, std::array<std::string_view, 2>{"op", "key"});
  }
  if (!members.ok()) return members.error();
  auto key = step_bytes(*object, "key");
  if (!key.ok()) return key.error();
  step.key = std::move(*key);
  if (writes) {
    auto written = step_bytes(*object, "value");
    if (!written.ok()) return written.error();
    step.value = std::move(*written);
  }
  if (const json::value* expected = object->if_contains("expected");
      expected != nullptr && !expected->is_null()) {
    auto bytes = parse_bytes(*expected, "expected");
    if (!bytes.ok()) return bytes.error();
    step.expected = std::move(*bytes);
  }
  return step;
}

Result<std::optional<kv::SessionStamp>> parse_session(const json::object& object) {
  const json::value* session = object.if_contains("session");
  const json::value* sequence = object.if_contains("sequence");
  if (session == nullptr && sequence == nullptr) return std::optional<kv::SessionStamp>();
  if (session == nullptr || sequence == nullptr)
    return invalid_argument("'session' and 'sequence' come together");
  const auto client = parse_count(*session, "session");
  if (!client.ok()) return client.error();
  const auto number = parse_count(*sequence, "sequence");
  if (!number.ok()) return number.error();
  if (*number == 0) return invalid_argument("'sequence' starts at 1");
  return std::optional<kv::SessionStamp>({*client, *number});
}

Result<NodeId> parse_node(const json::value& value, std::string_view name) {
  const json::string* text = value.if_string();
  const NodeId node = text != nullptr ? parse_node_name(text_of(*text)) : kNoNode;
  if (node == kNoNode) return invalid_argument(fmt::format("'{}' must hold node names: n1, n2, ...", name));
  return node;
}

Result<std::vector<NodeId>> parse_nodes(const json::object& object, const char* name) {
  std::vector<NodeId> nodes;
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return nodes;
  if (!value->is_array()) return invalid_argument(fmt::format("'{}' must be an array", name));
  for (const json::value& item : value->get_array()) {
    const auto node = parse_node(item, name);
    if (!node.ok()) return node.error();
    nodes.push_back(*node);
  }
  return nodes;
}

void append_bytes(std::string_view bytes, std::string& out) {
  if (is_utf8(bytes)) return append_json_string(bytes, out);
  out.append(R"({"base64":")");
  append_base64(bytes, out);
  out.append("\"}");
}

void append_number(std::uint64_t number, std::string& out) {
  const fmt::format_int text(number);
  out.append(text.data(), text.size());
}

void append_stored(const kv::Stored& stored, std::string& out) {
  if (const auto* plain = std::get_if<Bytes>(&stored)) return append_bytes(*plain, out);
  const auto* list = std::get_if<std::vector<Bytes>>(&stored);
  if (list == nullptr) {
    out.append("null");
    return;
  }
  out.push_back('[');
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (i > 0) out.push_back(',');
    append_bytes((*list)[i], out);
  }
  out.push_back(']');
}

}  // namespace

Result<kv::Command> parse_transaction(std::string_view body) {
  std::array<unsigned char, 4096> space;  // NOLINT: filled by the parser before it is read
  json::monotonic_resource memory(space.data(), space.size());
  const auto value = parse(body, &memory);
  if (!value.ok()) return value.error();
  const json::object& object = value->get_object();
  const Status members =
      only_members(object, std::array<std::string_view, 3>{"session", "sequence", "steps"});
  if (!members.ok()) return members.error();
  kv::Command command;
  auto session = parse_session(object);
  if (!session.ok()) return session.error();
  command.session = *session;
  const json::value* steps = object.if_contains("steps");
  if (steps == nullptr || !steps->is_array()) return invalid_argument("'steps' must be an array");
  command.steps.reserve(std::min(steps->get_array().size(), kv::kStepsMax + 1));
  for (const json::value& item : steps->get_array()) {
    if (command.steps.size() > kv::kStepsMax) break;  // find_fault refuses it
    auto step = parse_step(item);
    if (!step.ok()) return step.error();
    command.steps.push_back(std::move(*step));
  }
  return command;
}

Result<NodeId> parse_leadership(std::string_view body) {
  const auto value = parse(body, {});
  if (!value.ok()) return value.error();
  const json::object& object = value->get_object();
  if (Status status = only_members(object, std::array<std::string_view, 1>{"target"}); !status.ok())
    return status.error();
  const json::value* target = object.if_contains("target");
  if (target == nullptr) return kNoNode;
  return parse_node(*target, "target");
}

Result<Members> parse_members(std::string_view body) {
  const auto value = parse(body, {});
  if (!value.ok()) return value.error();
  const json::object& object = value->get_object();
  if (Status status = only_members(object, std::array<std::string_view, 2>{"voters", "learners"});
      !status.ok())
    return status.error();
  auto voters = parse_nodes(object, "voters");
  if (!voters.ok()) return voters.error();
  auto learners = parse_nodes(object, "learners");
  if (!learners.ok()) return learners.error();
  if (voters->empty()) return invalid_argument("'voters' must name at least one node");
  return Members{std::move(*voters), std::move(*learners)};
}

std::string print_reply(const kv::Reply& reply) {
  std::string out;
  out.reserve(128);
  out.append(reply.code == kv::ReplyCode::kCommitted ? R"({"committed":true,"index":)"
                                                     : R"({"committed":false,"index":)");
  append_number(reply.index.value(), out);
  out.append(reply.duplicate ? R"(,"duplicate":true,"results":[)" : R"(,"duplicate":false,"results":[)");
  for (std::size_t i = 0; i < reply.results.size(); ++i) {
    const kv::StepResult& result = reply.results[i];
    out.append(i > 0 ? R"(,{"ok":)" : R"({"ok":)");
    out.append(result.ok ? R"(true,"value":)" : R"(false,"value":)");
    append_stored(result.value, out);
    out.append(R"(,"version":)");
    append_number(result.version.value(), out);
    out.push_back('}');
  }
  out.append("]}");
  return out;
}

}  // namespace ordeal::host
