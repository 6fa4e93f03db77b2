#pragma once
// Disk: the disks under the target misbehave.
//
//   slow         a sync takes up to 300 ms
//   full         there is no room: writes of clients are refused
//   sync-error   the next sync fails, which ends the node

#include "nemesis/faults/fault.h"

namespace ordeal {

class Disk : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "disk"; }
  [[nodiscard]] bool simulated() const override { return true; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
