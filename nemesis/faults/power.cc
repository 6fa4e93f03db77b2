#include "nemesis/faults/power.h"

#include "nemesis/faults/targets.h"

namespace ordeal {

Status Power::check(const FaultRequest& request, std::uint32_t nodes) const {
  return check_node_fault(request, nodes, {});
}

Result<FaultSpec> Power::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  auto nodes = choose_nodes(request, cluster, {}, rng);
  if (!nodes.ok()) return nodes.error();
  return FaultSpec(PowerFault{std::move(nodes).value()});
}

}  // namespace ordeal
