#include "nemesis/faults/packets.h"

#include "nemesis/faults/targets.h"

#include <algorithm>

namespace ordeal {

std::vector<std::string_view> Packets::shapes() const {
  return {"delay", "loss", "duplicate", "reorder", "throttle", "clog"};
}

Status Packets::check(const FaultRequest& request, std::uint32_t nodes) const {
  return check_node_fault(request, nodes, shapes());
}

Result<FaultSpec> Packets::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  auto nodes = choose_nodes(request, cluster, shapes(), rng);
  if (!nodes.ok()) return nodes.error();
  PacketFault fault;
  for (const NodeId node : *nodes) {
    for (const NodeId other : cluster.nodes) {
      if (other == node) continue;
      fault.links.push_back({node, other});
      fault.links.push_back({other, node});
    }
  }
  std::sort(fault.links.begin(), fault.links.end());
  fault.links.erase(std::unique(fault.links.begin(), fault.links.end()), fault.links.end());
  if (request.shape == "delay") fault.delay = milliseconds(50), fault.jitter = milliseconds(200);
  if (request.shape == "loss") fault.loss = 30;
  if (request.shape == "duplicate") fault.duplicates = 30;
  if (request.shape == "reorder") fault.jitter = milliseconds(100), fault.overtaking = true;
  if (request.shape == "throttle") fault.bytes_per_second = 20'000;
  fault.clogged = request.shape == "clog";
  return FaultSpec(std::move(fault));
}

}  // namespace ordeal
