#pragma once
// What a node says of itself, from the JSON of docs/formats/node-api.md.

#include "common/environment.h"
#include "common/result.h"

#include <cstdint>
#include <string_view>

namespace ordeal::env {

struct NodeStatus {
  NodeObservation observation;  ///< reachable is true
  std::uint64_t incarnation = 0;
};

/// Of `GET /v1/status`. kInvalidArgument: not that.
[[nodiscard]] Result<NodeStatus> parse_node_status(std::string_view body, NodeId asked);

}  // namespace ordeal::env
