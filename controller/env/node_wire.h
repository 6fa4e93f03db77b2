#pragma once
// The part of docs/formats/node-api.md that concerns a whole node, as bytes: what it says of itself, and what
// an operator may ask of it.

#include "common/environment.h"
#include "common/node_event.h"
#include "common/result.h"
#include "controller/env/transport.h"
#include "nemesis/faults/members.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::env {

struct NodeStatus {
  NodeObservation observation;  ///< reachable is true
  Membership members;           ///< as in its log, committed or not
  std::uint64_t incarnation = 0;
  std::map<std::string, std::uint64_t> events;  ///< by the core's names, since the process began
};

/// Of `GET /v1/status`. kInvalidArgument: not that.
[[nodiscard]] Result<NodeStatus> parse_node_status(std::string_view body, NodeId asked);

/// What happened to the node from one status to the next, as far as faults may wait for it.
[[nodiscard]] std::vector<NodeEvent> events_between(const NodeStatus& before, const NodeStatus& now);

/// Of `POST /v1/leadership`.
[[nodiscard]] std::string leadership_body(NodeId target);
/// Of `POST /v1/members`.
[[nodiscard]] std::string members_body(const Membership& members);
/// Of these two. kUnsupported: its protocol has no such thing; kInvalidArgument: the node will never do it;
/// kUnavailable: not now; kIndeterminate: nobody knows whether it does it. In the node's words.
[[nodiscard]] Status judge_control_answer(const HttpAnswer& answer, NodeId node);

}  // namespace ordeal::env
