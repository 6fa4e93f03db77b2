#include "controller/report/leaders.h"

#include <algorithm>

namespace ordeal::report {

void LeaderLog::observe(Duration at, const NodeObservation& observation) {
  const bool leads = observation.reachable && observation.role == "leader";
  if (const auto it = open_.find(observation.node); it != open_.end()) {
    if (leads && it->second.term == observation.term) return;
    it->second.to = at;
    closed_.push_back(it->second);
    open_.erase(it);
  }
  if (leads) open_[observation.node] = {observation.node, observation.term, at, at};
}

std::vector<LeaderInterval> LeaderLog::intervals(Duration end) const {
  std::vector<LeaderInterval> all = closed_;
  for (const auto& [node, interval] : open_) {
    all.push_back(interval);
    all.back().to = std::max(interval.from, end);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const LeaderInterval& a, const LeaderInterval& b) { return a.from < b.from; });
  return all;
}

}  // namespace ordeal::report
