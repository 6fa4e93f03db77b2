#include "checkers/linearizability/timeline.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace ordeal {

std::uint32_t Timeline::events_before(std::uint32_t position) const {
  return static_cast<std::uint32_t>(std::lower_bound(positions.begin(), positions.end(), position) -
                                    positions.begin());
}

Timeline make_timeline(std::span<const Interval> operations) {
  struct Edge {
    std::uint32_t position = 0;
    SearchEvent event;
  };
  Timeline timeline;
  std::vector<Edge> edges;
  edges.reserve(2 * operations.size());
  for (const Interval& operation : operations) {
    const auto number = static_cast<std::uint32_t>(timeline.ops.size());
    timeline.ops.push_back({.slot = 0, .source = operation.source});
    edges.push_back({operation.invoke, {.op = number, .response = false}});
    edges.push_back({operation.response, {.op = number, .response = true}});
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.position < b.position; });
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free_slots;
  for (const Edge& edge : edges) {
    SlottedOp& op = timeline.ops[edge.event.op];
    timeline.positions.push_back(edge.position);
    timeline.events.push_back(edge.event);
    if (edge.event.response) {
      free_slots.push(op.slot);
    } else if (free_slots.empty()) {
      op.slot = timeline.slots++;
    } else {
      op.slot = free_slots.top();
      free_slots.pop();
    }
  }
  return timeline;
}

}  // namespace ordeal
