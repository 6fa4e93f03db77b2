#include "controller/run/cluster_watch.h"

#include <fmt/format.h>

#include <tuple>

namespace ordeal {

ClusterWatch::ClusterWatch(std::uint32_t nodes) : nodes_(nodes) {
  ORDEAL_CHECK(nodes > 0);
  for (std::uint32_t n = 1; n <= nodes; ++n) view_.nodes.emplace_back(n);
}

std::optional<std::string> ClusterWatch::observe(const NodeObservation& observation) {
  if (observation.node == kNoNode || observation.node.value() > nodes_) return std::nullopt;
  seen_[observation.node] = observation;
  NodeId leader;
  std::tuple<Term, bool> best;  // a claim of its own outranks hearsay of the same term
  for (const auto& [node, last] : seen_) {
    const bool leads = last.role == "leader";
    const NodeId named = leads ? node : last.leader;
    if (!last.reachable || named == kNoNode) continue;
    if (leader != kNoNode && std::tuple(last.term, leads) <= best) continue;
    leader = named;
    best = {last.term, leads};
  }
  const Term term = std::get<Term>(best);
  if (leader == view_.leader && (term == term_ || leader == kNoNode)) return std::nullopt;
  view_.leader = leader;
  if (leader == kNoNode) return "no leader known";
  term_ = term;
  return fmt::format("leader {} in term {}", node_name(leader), term);
}

}  // namespace ordeal
