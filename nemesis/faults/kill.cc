#include "nemesis/faults/kill.h"

#include "nemesis/faults/targets.h"

namespace ordeal {

Status Kill::check(const FaultRequest& request, std::uint32_t nodes) const {
  return check_node_fault(request, nodes, {});
}

Result<FaultSpec> Kill::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  auto nodes = choose_nodes(request, cluster, {}, rng);
  if (!nodes.ok()) return nodes.error();
  return FaultSpec(KillFault{std::move(nodes).value()});
}

}  // namespace ordeal
