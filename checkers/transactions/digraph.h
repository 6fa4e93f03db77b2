#pragma once
// A directed graph in rows, and circles in it. No recursion, so depth does not matter.

#include <cstdint>
#include <span>
#include <vector>

namespace ordeal {

class Digraph {
 public:
  struct Edge {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t label = 0;  ///< whatever the caller wants to know it by
  };

  /// Requires: all ends are below `nodes`.
  Digraph(std::uint32_t nodes, std::vector<Edge> edges);

  [[nodiscard]] std::uint32_t node_count() const { return static_cast<std::uint32_t>(begin_.size() - 1); }
  [[nodiscard]] std::span<const Edge> edges_from(std::uint32_t node) const {
    return std::span(edges_).subspan(begin_[node], begin_[node + 1] - begin_[node]);
  }

  /// The edges of a circle, each beginning where the one before ends; of those through the first node that is
  /// on any, a shortest. Empty when there is none.
  [[nodiscard]] std::vector<Edge> find_circle() const;

 private:
  [[nodiscard]] std::uint32_t find_node_on_circle() const;
  [[nodiscard]] std::vector<Edge> shortest_circle(std::uint32_t node) const;

  static constexpr std::uint32_t kNobody = UINT32_MAX;

  std::vector<Edge> edges_;           ///< by `from`
  std::vector<std::uint32_t> begin_;  ///< by node, one more than there are
};

}  // namespace ordeal
