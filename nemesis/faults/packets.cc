#include "nemesis/faults/packets.h"

#include "nemesis/faults/targets.h"

#include <algorithm>

namespace ordeal {
namespace {

const std::vector<std::string_view>& packets_shapes() {
  static const std::vector<std::string_view> names{"delay", "loss", "duplicate", "reorder"};
  return names;
}

}  // namespace

Status Packets::check(const FaultRequest& request, std::uint32_t nodes) const {
  return check_node_fault(request, nodes, packets_shapes());
}

Result<FaultSpec> Packets::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  auto nodes = choose_nodes(request, cluster, packets_shapes(), rng);
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
  return FaultSpec(std::move(fault));
}

}  // namespace ordeal
