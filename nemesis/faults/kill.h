#pragma once
// Kill: the replicas of the target get SIGKILL and stay down until the fault is removed. Any number may be
// struck, a majority or all at once too: that is how recovery is tested.

#include "nemesis/faults/fault.h"

namespace ordeal {

class Kill : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "kill"; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
