#pragma once
// Adya's direct serialization graph (Weak consistency, MIT 1999), with the orders of processes and of real
// time beside it, as Elle has them (Kingsbury and Alvaro, VLDB 2020), and the circles that levels forbid.
//
// Each question is one pass over the graph, without recursion and without a limit of time. Circles in which
// no two anti-dependencies are neighbours are circles of a graph that has each transaction twice: once to be
// in after an anti-dependency, from where no other leads on.

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal {

enum class Dependency : std::uint8_t {
  kWw = 1,         ///< `to` wrote the version after the one that `from` wrote
  kWr = 2,         ///< `to` read what `from` wrote
  kRw = 4,         ///< `to` wrote the version after the one that `from` read
  kProcess = 8,    ///< `from` comes before `to` in one process
  kRealtime = 16,  ///< `from` was over when `to` was invoked
};

/// Some of them, or'ed together.
using DependencyMask = std::uint8_t;

struct DependencyEdge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  Dependency kind = Dependency::kWw;
  std::uint32_t key = 0;  ///< for ww, wr and rw
};

class DependencyGraph {
 public:
  /// Nodes from `transactions` on are points in time: edges to and from them are of kind kRealtime, and a
  /// path over them is one step.
  DependencyGraph(std::uint32_t transactions, std::uint32_t nodes, std::vector<DependencyEdge> edges);

  /// A short circle of these kinds of edges, each beginning where the one before ends; empty when there is
  /// none. With `no_adjacent_rw`, one in which no two anti-dependencies are neighbours.
  [[nodiscard]] std::vector<DependencyEdge> find_circle(DependencyMask kinds, bool no_adjacent_rw) const;

 private:
  class Search;

  std::uint32_t transactions_;
  std::vector<DependencyEdge> edges_;  ///< by `from`
  std::vector<std::uint32_t> begin_;   ///< by node, one more than there are
};

/// "G0", "G1c", "G-single", "G-nonadjacent" or "G2-item", with "-process" or "-realtime" behind it when the
/// circle has such a step.
[[nodiscard]] std::string circle_name(const std::vector<DependencyEdge>& circle);

}  // namespace ordeal
