#include "nemesis/faults/disk.h"

#include "nemesis/faults/targets.h"

namespace ordeal {
namespace {

const std::vector<std::string_view>& disk_shapes() {
  static const std::vector<std::string_view> names{"slow", "full", "sync-error"};
  return names;
}

}  // namespace

Status Disk::check(const FaultRequest& request, std::uint32_t nodes) const {
  return check_node_fault(request, nodes, disk_shapes());
}

Result<FaultSpec> Disk::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  auto nodes = choose_nodes(request, cluster, disk_shapes(), rng);
  if (!nodes.ok()) return nodes.error();
  DiskFault fault;
  fault.nodes = std::move(nodes).value();
  if (request.shape == "slow") fault.delay = milliseconds(300);
  fault.full = request.shape == "full";
  fault.failing_sync = request.shape == "sync-error";
  return FaultSpec(std::move(fault));
}

}  // namespace ordeal
