#include "checkers/transactions/digraph.h"

#include <algorithm>

namespace ordeal {

Digraph::Digraph(std::uint32_t nodes, std::vector<Edge> edges)
    : edges_(edges.size()), begin_(std::size_t{nodes} + 1) {
  for (const Edge& edge : edges) ++begin_[edge.from + 1];
  for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
  std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
  for (const Edge& edge : edges) edges_[next[edge.from]++] = edge;
}

// Takes away, again and again, nodes that nothing leads to. What is left can be followed backwards for ever,
// so a walk backwards ends on a circle.
std::uint32_t Digraph::find_node_on_circle() const {
  std::vector<std::uint32_t> incoming(node_count(), 0);
  for (const Edge& edge : edges_) ++incoming[edge.to];
  std::vector<std::uint32_t> free;
  for (std::uint32_t node = 0; node < node_count(); ++node) {
    if (incoming[node] == 0) free.push_back(node);
  }
  std::size_t taken = 0;
  for (; taken < free.size(); ++taken) {
    for (const Edge& edge : edges_from(free[taken])) {
      if (--incoming[edge.to] == 0) free.push_back(edge.to);
    }
  }
  if (taken == node_count()) return kNobody;

  std::vector<std::uint32_t> before(node_count(), kNobody);  // of what is left, one that leads to it
  for (const Edge& edge : edges_) {
    if (incoming[edge.from] > 0 && incoming[edge.to] > 0) before[edge.to] = edge.from;
  }
  std::uint32_t node = 0;
  while (incoming[node] == 0) ++node;
  for (std::vector<bool> seen(node_count()); !seen[node]; node = before[node]) seen[node] = true;
  return node;
}

std::vector<Digraph::Edge> Digraph::shortest_circle(std::uint32_t node) const {
  std::vector<std::uint32_t> edge_to(node_count(),
                                     kNobody);  // position of the edge by which it was reached first
  std::vector<std::uint32_t> reached = {node};
  for (std::size_t at = 0; at < reached.size() && edge_to[node] == kNobody; ++at) {
    for (std::uint32_t i = begin_[reached[at]]; i < begin_[reached[at] + 1]; ++i) {
      if (edge_to[edges_[i].to] != kNobody) continue;
      edge_to[edges_[i].to] = i;
      reached.push_back(edges_[i].to);
    }
  }
  std::vector<Edge> circle;
  std::uint32_t at = node;
  do {
    circle.push_back(edges_[edge_to[at]]);
    at = circle.back().from;
  } while (at != node);
  std::reverse(circle.begin(), circle.end());
  return circle;
}

std::vector<Digraph::Edge> Digraph::find_circle() const {
  const std::uint32_t node = find_node_on_circle();
  return node == kNobody ? std::vector<Edge>() : shortest_circle(node);
}

}  // namespace ordeal
