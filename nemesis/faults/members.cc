#include "nemesis/faults/members.h"

#include "nemesis/faults/targets.h"

#include <algorithm>
#include <iterator>

namespace ordeal {
namespace {

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

std::vector<std::string_view> Members::shapes() const {
  return {"remove", "demote"};
}

Status Members::check(const FaultRequest& request, std::uint32_t nodes) const {
  if (Status status = check_node_fault(request, nodes, shapes()); !status.ok()) return status;
  const auto size = target_size(request.target.empty() ? "one" : request.target, nodes);
  if (*size < nodes) return {};
  return Error{ErrorCode::kInvalidArgument,
               "members needs a voter that stays; leave a node out of the target"};
}

Result<FaultSpec> Members::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  auto nodes = choose_nodes(request, cluster, shapes(), rng);
  if (!nodes.ok()) return nodes.error();
  MembersFault fault;
  for (const NodeId node : cluster.nodes) {
    const bool struck = std::binary_search(nodes->begin(), nodes->end(), node);
    auto& list = !struck ? fault.voters : request.shape == "demote" ? fault.learners : fault.removed;
    list.push_back(node);
  }
  return FaultSpec(std::move(fault));
}

Membership combine_members(std::vector<NodeId> nodes, const std::vector<MembersFault>& faults) {
  Membership members{std::move(nodes), {}};
  for (const MembersFault& fault : faults) {
    const auto demoted = [&](NodeId node) { return contains(fault.learners, node); };
    const auto gone = [&](NodeId node) { return !demoted(node) && !contains(fault.voters, node); };
    std::erase_if(members.learners, gone);
    std::copy_if(members.voters.begin(), members.voters.end(), std::back_inserter(members.learners), demoted);
    std::erase_if(members.voters, [&](NodeId node) { return demoted(node) || gone(node); });
  }
  std::sort(members.learners.begin(), members.learners.end());
  return members;
}

}  // namespace ordeal
