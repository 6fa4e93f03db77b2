#include "nemesis/faults/pause.h"

#include "nemesis/faults/targets.h"

namespace ordeal {
namespace {

std::string_view target_of(const FaultRequest& request) {
  return request.target.empty() ? "one" : std::string_view(request.target);
}

}  // namespace

Status Pause::check(const FaultRequest& request, std::uint32_t nodes) const {
  if (!request.shape.empty())
    return Error{ErrorCode::kInvalidArgument, "pause takes no shape; shapes are for partition"};
  const auto size = target_size(target_of(request), nodes);
  return size.ok() ? Status() : size.error();
}

Result<FaultSpec> Pause::choose(const FaultRequest& request, const ClusterView& cluster, Rng& rng) const {
  if (Status status = check(request, static_cast<std::uint32_t>(cluster.nodes.size())); !status.ok())
    return status.error();
  auto nodes = choose_targets(target_of(request), cluster, rng);
  if (!nodes.ok()) return nodes.error();
  return FaultSpec(PauseFault{std::move(nodes).value()});
}

}  // namespace ordeal
