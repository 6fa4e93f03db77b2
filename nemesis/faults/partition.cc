#include "nemesis/faults/partition.h"

#include "nemesis/faults/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ordeal {
namespace {

using Nodes = std::vector<NodeId>;
using Cuts = std::vector<Cut>;

void cut_one_way(const Nodes& from, const Nodes& to, Cuts& cuts) {
  for (const NodeId a : from) {
    for (const NodeId b : to) cuts.push_back({a, b});
  }
}

void cut_both_ways(const Nodes& a, const Nodes& b, Cuts& cuts) {
  cut_one_way(a, b, cuts);
  cut_one_way(b, a, cuts);
}

Cuts isolate_one(const Nodes& target, const ClusterView& cluster, Rng& /*rng*/) {
  Cuts cuts;
  cut_both_ways(target, without(cluster.nodes, target), cuts);
  return cuts;
}

/// A single target is joined by others drawn at random, until the side is as large as a minority can be.
Cuts halves(const Nodes& target, const ClusterView& cluster, Rng& rng) {
  const auto n = static_cast<std::uint32_t>(cluster.nodes.size());
  Nodes side = target;
  Nodes others = without(cluster.nodes, target);
  rng.shuffle(others);
  while (side.size() < minority_size(n)) {
    side.push_back(others.back());
    others.pop_back();
  }
  Cuts cuts;
  cut_both_ways(side, without(cluster.nodes, side), cuts);
  return cuts;
}

/// On a ring in random order each node keeps its nearest neighbours, as many on either side as make a
/// majority with it.
Cuts majority_ring(const Nodes& /*target*/, const ClusterView& cluster, Rng& rng) {
  Nodes ring = cluster.nodes;
  rng.shuffle(ring);
  const std::size_t n = ring.size();
  const std::size_t reach = majority_size(static_cast<std::uint32_t>(n)) / 2;
  Cuts cuts;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t step = reach + 1; step + reach < n; ++step)
      cuts.push_back({ring[i], ring[(i + step) % n]});
  }
  return cuts;
}

Cuts bridge(const Nodes& target, const ClusterView& cluster, Rng& rng) {
  Nodes others = without(cluster.nodes, target);
  rng.shuffle(others);
  const auto middle = others.begin() + static_cast<std::ptrdiff_t>(others.size() / 2);
  Cuts cuts;
  cut_both_ways({others.begin(), middle}, {middle, others.end()}, cuts);
  return cuts;
}

Cuts one_way(const Nodes& target, const ClusterView& cluster, Rng& rng) {
  const Nodes rest = without(cluster.nodes, target);
  Cuts cuts;
  if (rng.chance(1, 2)) {
    cut_one_way(target, rest, cuts);
  } else {
    cut_one_way(rest, target, cuts);
  }
  return cuts;
}

Cuts random_pairs(const Nodes& /*target*/, const ClusterView& cluster, Rng& rng) {
  Cuts all;
  for (const NodeId from : cluster.nodes) cut_one_way({from}, without(cluster.nodes, {from}), all);
  Cuts cuts;
  for (const Cut& cut : all) {
    if (rng.chance(1, 3)) cuts.push_back(cut);
  }
  if (cuts.empty()) cuts.push_back(rng.pick(all));
  return cuts;
}

struct Shape {
  std::string_view name;
  std::uint32_t nodes_min;
  std::vector<std::string_view> targets;  ///< empty: it takes none
  bool several;                           ///< a list of more than one node may be the target
  Cuts (*cuts)(const Nodes& target, const ClusterView& cluster, Rng& rng);
};

const std::vector<Shape>& all_shapes() {
  static const std::vector<Shape> all{
      {"isolate-one", 2, {"leader", "follower", "one"}, false, isolate_one},
      {"halves", 2, {"leader", "follower", "one", "minority"}, true, halves},
      {"majority-ring", 4, {}, false, majority_ring},
      {"bridge", 3, {"leader", "follower", "one"}, false, bridge},
      {"one-way", 2, {"leader", "follower", "one", "minority"}, true, one_way},
      {"random", 2, {}, false, random_pairs},
  };
  return all;
}

const Shape* find_shape(std::string_view name) {
  for (const Shape& shape : all_shapes()) {
    if (shape.name == name) return &shape;
  }
  return nullptr;
}

std::string_view shape_of(const FaultRequest& request) {
  return request.shape.empty() ? "isolate-one" : std::string_view(request.shape);
}
std::string_view target_of(const FaultRequest& request) {
  return request.target.empty() ? "one" : std::string_view(request.target);
}

Status check_target(const Shape& shape, std::string_view target, std::uint32_t nodes) {
  const auto size = target_size(target, nodes);
  if (!size.ok()) return size.error();
  const bool known = std::find(shape.targets.begin(), shape.targets.end(), target) != shape.targets.end();
  if (known) return {};
  const bool fits = names_nodes(target) && (shape.several || *size == 1);
  if (!fits) {
    return invalid_argument(fmt::format("shape {} does not take target '{}'; allowed: {}, or {}", shape.name,
                                        target, fmt::join(shape.targets, ", "),
                                        shape.several ? "nodes such as n1,n3" : "one node such as n1"));
  }
  if (*size == nodes)
    return invalid_argument(
        fmt::format("target '{}' is the whole cluster; leave a node to cut it from", target));
  return {};
}

}  // namespace

std::vector<std::string_view> Partition::shapes() const {
  std::vector<std::string_view> names;
  for (const Shape& shape : all_shapes()) names.push_back(shape.name);
  return names;
}

Status Partition::check(const FaultRequest& request, std::uint32_t nodes) const {
  const Shape* shape = find_shape(shape_of(request));
  if (shape == nullptr) {
    return invalid_argument(
        fmt::format("unknown shape '{}'; allowed: {}", request.shape, fmt::join(shapes(), ", ")));
  }
  if (nodes < shape->nodes_min) {
    return invalid_argument(
        fmt::format("shape {} needs at least {} nodes, not {}", shape->name, shape->nodes_min, nodes));
  }
  if (!shape->targets.empty()) return check_target(*shape, target_of(request), nodes);
  if (!request.target.empty()) return invalid_argument(fmt::format("shape {} takes no target", shape->name));
  return {};
}

Result<FaultSpec> Partition::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  if (Status status = check(request, static_cast<std::uint32_t>(cluster.nodes.size())); !status.ok())
    return status.error();
  const Shape& shape = *find_shape(shape_of(request));
  Nodes target;
  if (!shape.targets.empty()) {
    auto chosen = choose_targets(target_of(request), cluster, rng);
    if (!chosen.ok()) return chosen.error();
    target = std::move(chosen).value();
  }
  PartitionFault fault{shape.cuts(target, cluster, rng)};
  std::sort(fault.cuts.begin(), fault.cuts.end());
  return FaultSpec(std::move(fault));
}

}  // namespace ordeal
