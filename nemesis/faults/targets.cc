#include "nemesis/faults/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace ordeal {
namespace {

constexpr std::string_view kAllowed =
    "allowed: leader, follower, minority, majority, one, all, or nodes such as n1,n3";

Result<std::vector<NodeId>> parse_nodes(std::string_view target, std::uint32_t nodes) {
  std::vector<NodeId> parsed;
  for (std::size_t begin = 0; begin <= target.size();) {
    const std::size_t end = std::min(target.find(',', begin), target.size());
    const std::string_view name = target.substr(begin, end - begin);
    const NodeId node = parse_node_name(name);
    if (node == kNoNode) return invalid_argument(fmt::format("unknown target '{}'; {}", target, kAllowed));
    if (node.value() > nodes) {
      return invalid_argument(
          fmt::format("target '{}' names {}, but the nodes are n1 to n{}", target, name, nodes));
    }
    parsed.push_back(node);
    begin = end + 1;
  }
  std::sort(parsed.begin(), parsed.end());
  if (std::adjacent_find(parsed.begin(), parsed.end()) != parsed.end()) {
    return invalid_argument(fmt::format("target '{}' names a node twice", target));
  }
  return parsed;
}

/// The nodes that `target` draws from, before it is said how many.
Result<std::vector<NodeId>> candidates(std::string_view target, const ClusterView& cluster) {
  const std::vector<NodeId> up = without(cluster.nodes, cluster.down);
  if (names_nodes(target)) {
    const auto named = parse_nodes(target, static_cast<std::uint32_t>(cluster.nodes.size()));
    ORDEAL_CHECK(named.ok());
    return without(*named, cluster.down);
  }
  if (target != "leader" && target != "follower") return up;
  if (std::find(up.begin(), up.end(), cluster.leader) == up.end())
    return Error{ErrorCode::kUnavailable, "no leader is known that is up"};
  if (target == "leader") return std::vector<NodeId>{cluster.leader};
  return without(up, {cluster.leader});
}

}  // namespace

std::vector<NodeId> without(const std::vector<NodeId>& nodes, const std::vector<NodeId>& taken) {
  std::vector<NodeId> rest;
  for (const NodeId node : nodes) {
    if (std::find(taken.begin(), taken.end(), node) == taken.end()) rest.push_back(node);
  }
  return rest;
}

const std::vector<std::string_view>& target_names() {
  static const std::vector<std::string_view> names{"leader",   "follower", "minority",
                                                   "majority", "one",      "all"};
  return names;
}

bool names_nodes(std::string_view target) {
  const auto& names = target_names();
  return std::find(names.begin(), names.end(), target) == names.end();
}

Result<std::uint32_t> target_size(std::string_view target, std::uint32_t nodes) {
  ORDEAL_CHECK(nodes > 0);
  if (names_nodes(target)) {
    const auto named = parse_nodes(target, nodes);
    if (!named.ok()) return named.error();
    return static_cast<std::uint32_t>(named->size());
  }
  if (target == "all") return nodes;
  if (target == "majority") return majority_size(nodes);
  if (target == "minority") {
    if (minority_size(nodes) == 0)
      return invalid_argument(fmt::format("target minority needs at least 3 nodes, not {}", nodes));
    return minority_size(nodes);
  }
  if (target == "follower" && nodes < 2) return invalid_argument("target follower needs at least 2 nodes");
  return 1U;
}

Result<std::vector<NodeId>> choose_targets(std::string_view target, const ClusterView& cluster, Rng& rng) {
  auto from = candidates(target, cluster);
  if (!from.ok()) return from;
  if (from->empty())
    return Error{ErrorCode::kUnavailable, fmt::format("all of target '{}' is down already", target)};
  const auto size = target_size(target, static_cast<std::uint32_t>(cluster.nodes.size()));
  ORDEAL_CHECK(size.ok());
  std::vector<NodeId> chosen = std::move(from).value();
  rng.shuffle(chosen);
  chosen.resize(std::min<std::size_t>(chosen.size(), *size));
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

Status check_node_fault(const FaultRequest& request, std::uint32_t nodes,
                        const std::vector<std::string_view>& shapes) {
  if (shapes.empty() && !request.shape.empty())
    return invalid_argument(fmt::format("{} takes no shape", request.fault));
  const bool known = shapes.empty() || std::find(shapes.begin(), shapes.end(), request.shape) != shapes.end();
  if (!known) {
    return invalid_argument(fmt::format("unknown shape '{}' of {}; allowed: {}", request.shape, request.fault,
                                        fmt::join(shapes, ", ")));
  }
  const auto size = target_size(request.target.empty() ? "one" : request.target, nodes);
  return size.ok() ? Status() : size.error();
}

Result<std::vector<NodeId>> choose_nodes(const FaultRequest& request, const ClusterView& cluster,
                                         const std::vector<std::string_view>& shapes, Rng& rng) {
  const auto nodes = static_cast<std::uint32_t>(cluster.nodes.size());
  if (Status status = check_node_fault(request, nodes, shapes); !status.ok()) return status.error();
  return choose_targets(request.target.empty() ? "one" : request.target, cluster, rng);
}

}  // namespace ordeal
