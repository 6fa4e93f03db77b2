#include "nemesis/faults/transfer.h"

#include "nemesis/faults/targets.h"

namespace ordeal {

Status Transfer::check(const FaultRequest& request, std::uint32_t nodes) const {
  if (Status status = check_node_fault(request, nodes, {}); !status.ok()) return status;
  const auto size = target_size(request.target.empty() ? "one" : request.target, nodes);
  // The leader leads already: it could only refuse.
  if (*size == 1 && request.target != "leader") return {};
  return Error{ErrorCode::kInvalidArgument, "transfer takes one node for a target: one, follower, or a name"};
}

Result<FaultSpec> Transfer::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  if (Status status = check(request, static_cast<std::uint32_t>(cluster.nodes.size())); !status.ok())
    return status.error();
  auto nodes = choose_nodes(request, cluster, {}, rng);
  if (!nodes.ok()) return nodes.error();
  return FaultSpec(TransferFault{nodes->front()});
}

}  // namespace ordeal
