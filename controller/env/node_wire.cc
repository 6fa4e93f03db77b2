#include "controller/env/node_wire.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace ordeal::env {
namespace {

namespace json = boost::json;

std::uint64_t number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  return value->is_int64() && value->get_int64() > 0 ? static_cast<std::uint64_t>(value->get_int64()) : 0;
}

std::string_view text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

/// What is no node's name is left out.
std::vector<NodeId> node_list(const json::object& object, std::string_view key) {
  std::vector<NodeId> list;
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) return list;
  for (const json::value& item : value->get_array()) {
    const NodeId node = item.is_string() ? parse_node_name(std::string(item.get_string())) : kNoNode;
    if (node != kNoNode) list.push_back(node);
  }
  std::sort(list.begin(), list.end());
  return list;
}

json::array json_names(const std::vector<NodeId>& nodes) {
  json::array list;
  for (const NodeId node : nodes) list.emplace_back(node_name(node));
  return list;
}

ErrorCode refusal_code(int status, const json::object& fault) {
  if (text(fault, "code") == "unsupported") return ErrorCode::kUnsupported;
  if (status == 400) return ErrorCode::kInvalidArgument;
  return text(fault, "outcome") == "definite" ? ErrorCode::kUnavailable : ErrorCode::kIndeterminate;
}

}  // namespace

Result<NodeStatus> parse_node_status(std::string_view body, NodeId asked) {
  boost::system::error_code error;
  const json::value root = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !root.is_object())
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("the status of {} is no JSON object", node_name(asked))};
  const json::object& object = root.get_object();
  if (parse_node_name(text(object, "node")) != asked)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} calls itself {}", node_name(asked), text(object, "node"))};
  NodeStatus status;
  NodeObservation& observation = status.observation;
  observation.node = asked;
  observation.reachable = true;
  observation.role = text(object, "role");
  observation.term = Term(number(object, "term"));
  observation.leader = parse_node_name(text(object, "leader"));
  observation.commit = LogIndex(number(object, "commit"));
  observation.applied = LogIndex(number(object, "applied"));
  status.members = {node_list(object, "voters"), node_list(object, "learners")};
  status.incarnation = number(object, "incarnation");
  const json::value* events = object.if_contains("events");
  if (events == nullptr || !events->is_object()) return status;
  for (const auto& event : events->get_object()) {
    const std::string name(event.key());
    status.events[name] = number(events->get_object(), name);
  }
  return status;
}

std::vector<NodeEvent> events_between(const NodeStatus& before, const NodeStatus& now) {
  std::vector<NodeEvent> events;
  const auto add = [&](NodeEventKind kind) {
    events.push_back({now.observation.node, kind, now.observation.role});
  };
  const bool restarted = now.incarnation != before.incarnation;
  if (restarted) add(NodeEventKind::kNodeStarted);
  if (now.observation.term > before.observation.term) add(NodeEventKind::kTermChanged);
  for (const auto& [name, count] : now.events) {
    const auto kind = find_core_event(name);
    const auto known = before.events.find(name);
    const std::uint64_t told = restarted || known == before.events.end() ? 0 : known->second;
    for (std::uint64_t i = told; kind && i < count; ++i) add(*kind);
  }
  return events;
}

std::string leadership_body(NodeId target) {
  return json::serialize(json::object{{"target", node_name(target)}});
}

std::string members_body(const Membership& members) {
  return json::serialize(
      json::object{{"voters", json_names(members.voters)}, {"learners", json_names(members.learners)}});
}

Status judge_control_answer(const HttpAnswer& answer, NodeId node) {
  if (answer.answered && answer.status == 200) return {};
  if (!answer.answered)
    return Error{answer.sent ? ErrorCode::kIndeterminate : ErrorCode::kUnavailable,
                 fmt::format("{} does not answer: {}", node_name(node), answer.reason)};
  boost::system::error_code not_json;
  const json::value root = json::parse(answer.body, not_json);
  const json::object* object = not_json ? nullptr : root.if_object();
  const json::value* error = object == nullptr ? nullptr : object->if_contains("error");
  if (error == nullptr || !error->is_object())
    return Error{ErrorCode::kIndeterminate,
                 fmt::format("{} answers what is no answer: {} {}", node_name(node), answer.status,
                             answer.body.substr(0, 120))};
  const json::object& fault = error->get_object();
  return Error{refusal_code(answer.status, fault),
               fmt::format("{} refuses: {} {}: {}", node_name(node), answer.status, text(fault, "code"),
                           text(fault, "message"))};
}

}  // namespace ordeal::env
