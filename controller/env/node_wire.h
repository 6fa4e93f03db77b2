#pragma once
// What a node says of itself, from the JSON of docs/formats/node-api.md.

#include "common/environment.h"
#include "common/node_event.h"
#include "common/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::env {

struct NodeStatus {
  NodeObservation observation;  ///< reachable is true
  std::uint64_t incarnation = 0;
  std::map<std::string, std::uint64_t> events;  ///< by the core's names, since the process began
};

/// Of `GET /v1/status`. kInvalidArgument: not that.
[[nodiscard]] Result<NodeStatus> parse_node_status(std::string_view body, NodeId asked);

/// What happened to the node from one status to the next, as far as faults may wait for it.
[[nodiscard]] std::vector<NodeEvent> events_between(const NodeStatus& before, const NodeStatus& now);

}  // namespace ordeal::env
