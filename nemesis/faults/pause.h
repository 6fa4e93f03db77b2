#pragma once
// Pause: the replicas of the target get SIGSTOP, all threads, until the fault is removed. A paused leader
// does not know that it was deposed when it goes on, and its timers fire late: what leases and stale reads
// are tested with.

#include "nemesis/faults/fault.h"

namespace ordeal {

class Pause : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "pause"; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
