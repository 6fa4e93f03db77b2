#include "nemesis/faults/clock.h"

#include "nemesis/faults/targets.h"

namespace ordeal {

std::vector<std::string_view> Clock::shapes() const {
  return {"jump-forward", "jump-back", "fast", "slow", "freeze"};
}

Status Clock::check(const FaultRequest& request, std::uint32_t nodes) const {
  return check_node_fault(request, nodes, shapes());
}

Result<FaultSpec> Clock::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  auto nodes = choose_nodes(request, cluster, shapes(), rng);
  if (!nodes.ok()) return nodes.error();
  ClockFault fault;
  fault.nodes = std::move(nodes).value();
  if (request.shape == "jump-forward") fault.wall_jump = seconds(30);
  if (request.shape == "jump-back") fault.wall_jump = seconds(-30);
  if (request.shape == "fast") fault.rate_ppm = 20'000;
  if (request.shape == "slow") fault.rate_ppm = -20'000;
  if (request.shape == "freeze") fault.rate_ppm = -1'000'000;
  return FaultSpec(std::move(fault));
}

}  // namespace ordeal
