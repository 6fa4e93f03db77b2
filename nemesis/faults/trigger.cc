#include "nemesis/faults/trigger.h"

#include "nemesis/faults/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace ordeal {
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"leader", "follower", "candidate", "learner"};

bool is_role(std::string_view node) {
  return std::find(kRoles.begin(), kRoles.end(), node) != kRoles.end();
}

/// Of a list such as "n1,n3".
bool names_node(std::string_view list, NodeId node) {
  const std::string name = node_name(node);
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

bool FaultTrigger::matches(const NodeEvent& event) const {
  if (event.kind != kind) return false;
  if (node.empty()) return true;
  return is_role(node) ? event.role == node : names_node(node, event.node);
}

FaultRequest at_node(FaultRequest request, NodeId node) {
  if (request.target == kThatNode) request.target = node_name(node);
  return request;
}

Status check_trigger_node(const FaultTrigger& trigger, std::uint32_t nodes) {
  const NodeEventTraits& kind = traits(trigger.kind);
  if (trigger.node.empty() || (is_role(trigger.node) && kind.any_role)) return {};
  if (!is_role(trigger.node) && names_nodes(trigger.node) && target_size(trigger.node, nodes).ok()) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("is '{}'; {} allows: {}nodes of n1 to n{} such as n1,n3", trigger.node, kind.name,
                           kind.any_role ? fmt::format("{}, or ", fmt::join(kRoles, ", ")) : "", nodes)};
}

std::string describe(const FaultTrigger& trigger) {
  std::string text(traits(trigger.kind).name);
  if (!trigger.node.empty()) text += " at " + trigger.node;
  if (trigger.count > 1) text += fmt::format(", time {}", trigger.count);
  return text;
}

}  // namespace ordeal
