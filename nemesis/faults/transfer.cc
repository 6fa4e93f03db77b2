#include "nemesis/faults/transfer.h"

#include "nemesis/faults/targets.h"

#include <fmt/format.h>

namespace ordeal {
namespace {

/// The leader leads already: it could only refuse.
bool names_one(std::string_view target, std::uint32_t nodes) {
  if (target.empty() || target == "one" || target == "follower") return true;
  return names_nodes(target) && *target_size(target, nodes) == 1;
}

}  // namespace

Status Transfer::check(const FaultRequest& request, std::uint32_t nodes) const {
  if (Status status = check_node_fault(request, nodes, {}); !status.ok()) return status;
  if (nodes < 2) return invalid_argument("transfer needs at least 2 nodes: there is nobody to hand over to");
  if (names_one(request.target, nodes)) return {};
  return invalid_argument(fmt::format(
      "target {} is no single node that may take over; transfer takes follower, one, that-node after a when, "
      "or the name of one node",
      request.target));
}

Result<FaultSpec> Transfer::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  if (Status status = check(request, static_cast<std::uint32_t>(cluster.nodes.size())); !status.ok())
    return status.error();
  auto nodes = choose_nodes(request, cluster, {}, rng);
  if (!nodes.ok()) return nodes.error();
  return FaultSpec(TransferFault{nodes->front()});
}

}  // namespace ordeal
