#include "controller/env/cluster_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ordeal::env {
namespace {

constexpr const char* kNobodyLeads = "no node says that it leads";

std::vector<std::string> node_names(const std::vector<NodeId>& nodes) {
  std::vector<std::string> list;
  for (const NodeId node : nodes) list.push_back(node_name(node));
  return list;
}

Value::List to_list(const std::vector<NodeId>& nodes) {
  Value::List list;
  for (const NodeId node : nodes) list.emplace_back(node_name(node));
  return list;
}

std::string words(const Membership& members) {
  return fmt::format("voters [{}] and learners [{}]", fmt::join(node_names(members.voters), ","),
                     fmt::join(node_names(members.learners), ","));
}

}  // namespace

const NodeStatus* find_leader(const std::vector<NodeStatus>& statuses) {
  const NodeStatus* leader = nullptr;
  for (const NodeStatus& status : statuses) {
    if (status.observation.role != "leader") continue;
    if (leader == nullptr || status.observation.term > leader->observation.term) leader = &status;
  }
  return leader;
}

std::string leader_problem(const std::vector<NodeStatus>& statuses, NodeId wanted) {
  const NodeStatus* leader = find_leader(statuses);
  if (leader == nullptr) return kNobodyLeads;
  if (leader->observation.node == wanted) return {};
  return fmt::format("{} leads in term {}, not {}", node_name(leader->observation.node),
                     leader->observation.term, node_name(wanted));
}

std::string members_problem(const std::vector<NodeStatus>& statuses, const Membership& wanted) {
  const NodeStatus* leader = find_leader(statuses);
  if (leader == nullptr) return kNobodyLeads;
  if (leader->members == wanted) return {};
  return fmt::format("the leader {} has {} instead of {}", node_name(leader->observation.node),
                     words(leader->members), words(wanted));
}

Value leader_to_value(const std::vector<NodeStatus>& statuses) {
  const NodeStatus* leader = find_leader(statuses);
  if (leader == nullptr) return {};
  return Value::Map{{"leader", node_name(leader->observation.node)},
                    {"term", static_cast<std::int64_t>(leader->observation.term.value())},
                    {"voters", to_list(leader->members.voters)},
                    {"learners", to_list(leader->members.learners)}};
}

}  // namespace ordeal::env
