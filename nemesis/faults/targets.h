#pragma once
// Whom a fault strikes: the target names that every fault shares, checked against a cluster's size and turned
// into nodes. A node that a fault in force has already taken down is never chosen.

#include "common/prng.h"
#include "common/result.h"
#include "nemesis/faults/fault.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ordeal {

/// leader, follower, minority, majority, one, all.
[[nodiscard]] const std::vector<std::string_view>& target_names();
/// True when `target` is not one of target_names(): then it must be a list of nodes, "n1,n3".
[[nodiscard]] bool names_nodes(std::string_view target);
/// How many nodes the target has in a cluster of that size, when none is down. The error says what is
/// allowed.
[[nodiscard]] Result<std::uint32_t> target_size(std::string_view target, std::uint32_t nodes);
/// The nodes, sorted. kUnavailable: no leader is known, or everybody meant is down already.
/// Requires: target_size(target, cluster.nodes.size()).ok().
[[nodiscard]] Result<std::vector<NodeId>> choose_targets(std::string_view target, const ClusterView& cluster,
                                                         Rng& rng);

/// For faults that strike whole nodes: `shapes` are those that the fault knows, empty when it takes none; the
/// target is anything, one node when empty.
[[nodiscard]] Status check_node_fault(const FaultRequest& request, std::uint32_t nodes,
                                      const std::vector<std::string_view>& shapes);
/// The nodes of such a request, sorted. Errors: those of check_node_fault and choose_targets.
[[nodiscard]] Result<std::vector<NodeId>> choose_nodes(const FaultRequest& request,
                                                       const ClusterView& cluster,
                                                       const std::vector<std::string_view>& shapes, Rng& rng);

/// `nodes` less those in `taken`, in the same order.
[[nodiscard]] std::vector<NodeId> without(const std::vector<NodeId>& nodes, const std::vector<NodeId>& taken);

/// floor((n - 1) / 2): the most that may fail.
[[nodiscard]] constexpr std::uint32_t minority_size(std::uint32_t nodes) {
  return (nodes - 1) / 2;
}
/// floor(n / 2) + 1.
[[nodiscard]] constexpr std::uint32_t majority_size(std::uint32_t nodes) {
  return nodes / 2 + 1;
}

}  // namespace ordeal
