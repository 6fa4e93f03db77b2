#include "checkers/transactions/dependency_graph.h"

#include <algorithm>
#include <deque>

namespace ordeal {
namespace {

constexpr std::uint32_t kNoState = UINT32_MAX;
constexpr std::size_t kStartsMax = 32;  ///< searches for a short circle, each over one component

DependencyMask bit(Dependency kind) {
  return static_cast<DependencyMask>(kind);
}

}  // namespace

// A state is a node, or with `no_adjacent_rw` twice a node and whether an anti-dependency has just led to it.
class DependencyGraph::Search {
 public:
  Search(const DependencyGraph& graph, DependencyMask kinds, bool no_adjacent_rw)
      : graph_(graph), kinds_(kinds), copies_(no_adjacent_rw ? 2 : 1) {}

  std::vector<DependencyEdge> run() {
    find_components();
    if (starts_.empty()) return {};
    // Small components first: what is short is easy to tell.
    std::sort(starts_.begin(), starts_.end(), [this](std::uint32_t a, std::uint32_t b) {
      return std::pair(component_size_[component_[a]], a) < std::pair(component_size_[component_[b]], b);
    });
    std::vector<DependencyEdge> best;
    for (std::size_t i = 0; i < std::min(starts_.size(), kStartsMax); ++i) {
      std::vector<DependencyEdge> circle = shortest_circle(starts_[i]);
      if (!circle.empty() && (best.empty() || circle.size() < best.size())) best = std::move(circle);
      if (best.size() == 2) break;
    }
    return best;
  }

 private:
  [[nodiscard]] std::uint32_t states() const {
    return static_cast<std::uint32_t>((graph_.begin_.size() - 1) * copies_);
  }
  [[nodiscard]] std::uint32_t node_of(std::uint32_t state) const { return state / copies_; }
  [[nodiscard]] bool after_rw(std::uint32_t state) const { return copies_ == 2 && state % 2 == 1; }

  /// The state to which an edge leads; kNoState when it may not be taken.
  [[nodiscard]] std::uint32_t follow(std::uint32_t state, const DependencyEdge& edge) const {
    if ((bit(edge.kind) & kinds_) == 0) return kNoState;
    if (copies_ == 1) return edge.to;
    const bool rw = edge.kind == Dependency::kRw;
    if (rw && after_rw(state)) return kNoState;
    return 2 * edge.to + (rw ? 1 : 0);
  }

  // Tarjan's algorithm with a stack of its own. Keeps one state of each component that has a circle.
  void find_components() {
    index_.assign(states(), kNoState);
    low_.assign(states(), 0);
    component_.assign(states(), kNoState);
    for (std::uint32_t state = 0; state < states(); ++state) {
      if (index_[state] == kNoState) explore(state);
    }
  }

  struct Frame {
    std::uint32_t state = 0;
    std::uint32_t next = 0;  ///< position of the edge that is next
  };

  void explore(std::uint32_t root) {
    std::vector<Frame> path = {enter(root)};
    while (!path.empty()) {
      Frame& frame = path.back();
      if (frame.next == graph_.begin_[node_of(frame.state) + 1]) {
        const std::uint32_t done = frame.state;
        path.pop_back();
        if (!path.empty()) low_[path.back().state] = std::min(low_[path.back().state], low_[done]);
        if (low_[done] == index_[done]) close(done);
        continue;
      }
      const std::uint32_t to = follow(frame.state, graph_.edges_[frame.next++]);
      if (to == kNoState) continue;
      if (index_[to] == kNoState) {
        path.push_back(enter(to));
      } else if (component_[to] == kNoState) {
        low_[frame.state] = std::min(low_[frame.state], index_[to]);
      }
    }
  }

  Frame enter(std::uint32_t state) {
    index_[state] = low_[state] = next_index_++;
    open_.push_back(state);
    return {.state = state, .next = graph_.begin_[node_of(state)]};
  }

  void close(std::uint32_t root) {
    const auto component = static_cast<std::uint32_t>(component_size_.size());
    component_size_.push_back(0);
    for (std::uint32_t state = kNoState; state != root;) {
      state = open_.back();
      open_.pop_back();
      component_[state] = component;
      ++component_size_[component];
    }
    if (component_size_[component] > 1 && starts_.size() < kStartsKept) starts_.push_back(root);
  }

  // Breadth first within the component; edges to points in time are no steps of their own.
  std::vector<DependencyEdge> shortest_circle(std::uint32_t start) {
    struct Came {
      std::uint32_t from = kNoState;
      std::uint32_t edge = kNoState;
    };
    std::vector<Came> came(states());
    std::deque<std::uint32_t> queue = {start};
    while (!queue.empty() && came[start].edge == kNoState) {
      const std::uint32_t state = queue.front();
      queue.pop_front();
      for (std::uint32_t i = graph_.begin_[node_of(state)]; i < graph_.begin_[node_of(state) + 1]; ++i) {
        const DependencyEdge& edge = graph_.edges_[i];
        const std::uint32_t to = follow(state, edge);
        if (to == kNoState || component_[to] != component_[start] || came[to].edge != kNoState) continue;
        came[to] = {.from = state, .edge = i};
        if (edge.to >= graph_.transactions_) {
          queue.push_front(to);
        } else {
          queue.push_back(to);
        }
      }
    }
    std::vector<DependencyEdge> circle;
    std::uint32_t state = start;
    do {
      if (came[state].edge == kNoState) return {};
      circle.push_back(graph_.edges_[came[state].edge]);
      state = came[state].from;
    } while (state != start);
    std::reverse(circle.begin(), circle.end());
    return without_points_in_time(circle);
  }

  [[nodiscard]] std::vector<DependencyEdge> without_points_in_time(
      const std::vector<DependencyEdge>& circle) const {
    std::size_t first = 0;
    while (first < circle.size() && circle[first].from >= graph_.transactions_) ++first;
    std::vector<DependencyEdge> out;
    for (std::size_t i = 0; i < circle.size(); ++i) {
      const DependencyEdge& edge = circle[(first + i) % circle.size()];
      if (edge.from < graph_.transactions_) {
        out.push_back(edge);
      } else {
        out.back().to = edge.to;
      }
    }
    return out;
  }

  static constexpr std::size_t kStartsKept = 4096;

  const DependencyGraph& graph_;
  const DependencyMask kinds_;
  const std::uint32_t copies_;
  std::vector<std::uint32_t> index_;
  std::vector<std::uint32_t> low_;
  std::vector<std::uint32_t> component_;
  std::vector<std::uint32_t> component_size_;
  std::vector<std::uint32_t> open_;
  std::vector<std::uint32_t> starts_;
  std::uint32_t next_index_ = 0;
};

DependencyGraph::DependencyGraph(std::uint32_t transactions, std::uint32_t nodes,
                                 std::vector<DependencyEdge> edges)
    : transactions_(transactions), edges_(edges.size()), begin_(std::size_t{nodes} + 1) {
  for (const DependencyEdge& edge : edges) ++begin_[edge.from + 1];
  for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
  std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
  for (const DependencyEdge& edge : edges) edges_[next[edge.from]++] = edge;
}

std::vector<DependencyEdge> DependencyGraph::find_circle(DependencyMask kinds, bool no_adjacent_rw) const {
  return Search(*this, kinds, no_adjacent_rw).run();
}

std::string circle_name(const std::vector<DependencyEdge>& circle) {
  std::size_t rw = 0;
  bool wr = false;
  bool adjacent = false;
  DependencyMask kinds = 0;
  for (std::size_t i = 0; i < circle.size(); ++i) {
    const bool here = circle[i].kind == Dependency::kRw;
    rw += here ? 1 : 0;
    wr = wr || circle[i].kind == Dependency::kWr;
    adjacent =
        adjacent || (here && circle.size() > 1 && circle[(i + 1) % circle.size()].kind == Dependency::kRw);
    kinds = static_cast<DependencyMask>(kinds | bit(circle[i].kind));
  }
  std::string name = rw == 0    ? (wr ? "G1c" : "G0")
                     : rw == 1  ? "G-single"
                     : adjacent ? "G2-item"
                                : "G-nonadjacent";
  if ((kinds & bit(Dependency::kRealtime)) != 0) return name + "-realtime";
  return (kinds & bit(Dependency::kProcess)) != 0 ? name + "-process" : name;
}

}  // namespace ordeal
