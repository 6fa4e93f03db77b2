#include "controller/env/agent_wire.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace ordeal::env {
namespace {

namespace json = boost::json;

/// Null when the text is no JSON object.
std::optional<json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  json::value root = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !root.is_object()) return std::nullopt;
  return std::move(root.get_object());
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

std::int64_t integer_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

bool bool_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

Error not_understood(const HttpAnswer& answer, NodeId node) {
  return {ErrorCode::kInternal,
          fmt::format("{}'s agent gave an answer that is not in docs/formats/agent-api.md: {}",
                      node_name(node), answer.body.substr(0, 200))};
}

ErrorCode code_of(int status) {
  switch (status) {
    case 401:
      return ErrorCode::kPermissionDenied;
    case 422:
      return ErrorCode::kUnsupported;
    default:
      return ErrorCode::kInternal;
  }
}

std::uint32_t count_of(const json::object& object, std::string_view key) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(integer_of(object, key), 0, UINT32_MAX));
}

}  // namespace

std::string partition_body(const std::vector<NodeId>& drop_from, Duration lease) {
  json::array names;
  for (const NodeId node : drop_from) names.emplace_back(node_name(node));
  return json::serialize(
      json::object{{"kind", "partition"}, {"drop_from", std::move(names)}, {"ttl_ms", lease.ms()}});
}

std::string process_fault_body(std::string_view kind, Duration lease) {
  return json::serialize(
      json::object{{"kind", json::string_view(kind.data(), kind.size())}, {"ttl_ms", lease.ms()}});
}

std::string lease_body(Duration lease) {
  return json::serialize(json::object{{"ttl_ms", lease.ms()}});
}

std::string process_probe_body() {
  return R"({"kind":"process"})";
}

std::string emit_body(std::uint64_t nonce, std::uint32_t count) {
  return json::serialize(json::object{{"kind", "emit"}, {"nonce", nonce}, {"count", count}});
}

std::string collect_body(std::uint64_t nonce) {
  return json::serialize(json::object{{"kind", "collect"}, {"nonce", nonce}});
}

std::map<NodeId, std::vector<NodeId>> drops_by_node(const std::vector<Cut>& cuts) {
  std::map<NodeId, std::vector<NodeId>> drops;
  for (const Cut& cut : cuts) drops[cut.to].push_back(cut.from);
  return drops;
}

Error answer_error(const HttpAnswer& answer, NodeId node) {
  if (!answer.answered)
    return {ErrorCode::kUnavailable,
            fmt::format("{}'s agent does not answer: {}", node_name(node), answer.reason)};
  std::string code;
  std::string message;
  if (const auto root = parse_object(answer.body)) {
    if (const json::value* error = root->if_contains("error"); error != nullptr && error->is_object()) {
      code = text_of(error->get_object(), "code");
      message = text_of(error->get_object(), "message");
    }
  }
  return {code_of(answer.status),
          fmt::format("{}'s agent: {} {}: {}", node_name(node), answer.status, code, message)};
}

Status judge_fault_answer(const HttpAnswer& answer, NodeId node, std::string_view expected_state) {
  if (!answer.answered || answer.status != 200) return answer_error(answer, node);
  const auto root = parse_object(answer.body);
  if (!root) return not_understood(answer, node);
  const std::string state = text_of(*root, "state");
  if (state == expected_state) return {};
  return Error{ErrorCode::kInternal, fmt::format("{}'s agent says {} instead of {}: {}", node_name(node),
                                                 state, expected_state, text_of(*root, "reason"))};
}

Result<std::map<std::string, FaultState>> parse_fault_states(const HttpAnswer& answer, NodeId node) {
  if (!answer.answered || answer.status != 200) return answer_error(answer, node);
  const auto root = parse_object(answer.body);
  const json::value* all = root ? root->if_contains("faults") : nullptr;
  if (all == nullptr || !all->is_array()) return not_understood(answer, node);
  std::map<std::string, FaultState> states;
  for (const json::value& fault : all->get_array()) {
    if (!fault.is_object()) return not_understood(answer, node);
    const json::object& object = fault.get_object();
    states[text_of(object, "fault")] = {text_of(object, "state"), text_of(object, "reason")};
  }
  return states;
}

Result<ProcessState> parse_process_state(const HttpAnswer& answer, NodeId node) {
  if (!answer.answered || answer.status != 200) return answer_error(answer, node);
  const auto root = parse_object(answer.body);
  if (!root || !root->contains("alive")) return not_understood(answer, node);
  ProcessState state;
  state.pid = integer_of(*root, "replica");
  state.alive = bool_of(*root, "alive");
  state.state = text_of(*root, "state");
  state.threads_stopped = bool_of(*root, "threads_stopped");
  state.incarnation = static_cast<std::uint64_t>(std::max<std::int64_t>(integer_of(*root, "incarnation"), 0));
  return state;
}

Status judge_emitted(const HttpAnswer& answer, NodeId node, std::size_t peers, std::uint32_t count) {
  if (!answer.answered || answer.status != 200) return answer_error(answer, node);
  const auto root = parse_object(answer.body);
  const json::value* sent = root ? root->if_contains("emit") : nullptr;
  if (sent == nullptr || !sent->is_object() || sent->get_object().size() != peers)
    return not_understood(answer, node);
  for (const auto& peer : sent->get_object()) {
    if (!peer.value().is_object()) return not_understood(answer, node);
    const json::object& counts = peer.value().get_object();
    if (count_of(counts, "ipv4") != count || count_of(counts, "ipv6") != count)
      return Error{
          ErrorCode::kInternal,
          fmt::format("{} sent {} IPv4 and {} IPv6 datagrams to {} instead of {}: nothing was measured",
                      node_name(node), count_of(counts, "ipv4"), count_of(counts, "ipv6"),
                      std::string_view(peer.key().data(), peer.key().size()), count)};
  }
  return {};
}

Status parse_collected(const HttpAnswer& answer, NodeId node, ReachMatrix& matrix) {
  if (!answer.answered || answer.status != 200) return answer_error(answer, node);
  const auto root = parse_object(answer.body);
  const json::value* arrived = root ? root->if_contains("collect") : nullptr;
  if (arrived == nullptr || !arrived->is_object()) return not_understood(answer, node);
  for (const auto& peer : arrived->get_object()) {
    const NodeId from = parse_node_name({peer.key().data(), peer.key().size()});
    if (from == kNoNode || !peer.value().is_object()) return not_understood(answer, node);
    const json::object& counts = peer.value().get_object();
    matrix[Cut{from, node}] = {count_of(counts, "ipv4"), count_of(counts, "ipv6")};
  }
  return {};
}

Result<std::vector<Capability>> parse_capabilities(std::string_view body) {
  const auto root = parse_object(body);
  const json::value* all = root ? root->if_contains("capabilities") : nullptr;
  const Error wrong{ErrorCode::kInvalidArgument, "no capabilities as in docs/formats/agent-api.md"};
  if (all == nullptr || !all->is_object()) return wrong;
  std::vector<Capability> found;
  for (const auto& entry : all->get_object()) {
    if (!entry.value().is_object()) return wrong;
    const json::object& capability = entry.value().get_object();
    if (!capability.contains("available")) return wrong;
    found.push_back({std::string(entry.key()), bool_of(capability, "available"),
                     text_of(capability, "detail"), text_of(capability, "install")});
  }
  return found;
}

}  // namespace ordeal::env
