#include "nemesis/faults/pause.h"

#include "nemesis/faults/targets.h"

namespace ordeal {

Status Pause::check(const FaultRequest& request, std::uint32_t nodes) const {
  return check_node_fault(request, nodes, {});
}

Result<FaultSpec> Pause::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  auto nodes = choose_nodes(request, cluster, {}, rng);
  if (!nodes.ok()) return nodes.error();
  return FaultSpec(PauseFault{std::move(nodes).value()});
}

}  // namespace ordeal
