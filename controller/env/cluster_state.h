#pragma once
// What the nodes say, put together: who leads, and whether that and the members are as a fault wants them.
// Pure.

#include "common/environment.h"
#include "controller/env/node_wire.h"

#include <string>
#include <vector>

namespace ordeal::env {

/// Of the highest term: an isolated old leader goes on claiming a lower one. Null when nobody leads. Points
/// into `statuses`.
[[nodiscard]] const NodeStatus* find_leader(const std::vector<NodeStatus>& statuses);

/// Empty when this node leads.
[[nodiscard]] std::string leader_problem(const std::vector<NodeStatus>& statuses, NodeId wanted);
/// Empty when the leader has these members.
[[nodiscard]] std::string members_problem(const std::vector<NodeStatus>& statuses, const Membership& wanted);

/// For the history: {leader: "n1", term: 3, voters: ["n1" ...], learners: []}; nil when nobody leads.
[[nodiscard]] Value leader_to_value(const std::vector<NodeStatus>& statuses);

}  // namespace ordeal::env
