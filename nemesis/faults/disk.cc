#include "nemesis/faults/disk.h"

#include "nemesis/faults/targets.h"

namespace ordeal {

std::vector<std::string_view> Disk::shapes() const {
  return {"slow", "full", "sync-error", "lie", "unreadable"};
}

Status Disk::check(const FaultRequest& request, std::uint32_t nodes) const {
  return check_node_fault(request, nodes, shapes());
}

Result<FaultSpec> Disk::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  auto nodes = choose_nodes(request, cluster, shapes(), rng);
  if (!nodes.ok()) return nodes.error();
  DiskFault fault;
  fault.nodes = std::move(nodes).value();
  if (request.shape == "slow") fault.delay = milliseconds(300);
  fault.full = request.shape == "full";
  fault.failing_sync = request.shape == "sync-error";
  fault.lies = request.shape == "lie";
  fault.unreadable = request.shape == "unreadable";
  return FaultSpec(std::move(fault));
}

}  // namespace ordeal
