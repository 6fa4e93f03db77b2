#pragma once
// Disk: the disks under the target misbehave.
//
//   slow         a sync takes up to 300 ms
//   full         there is no room: writes of clients are refused
//   sync-error   the next sync fails, which ends the node
//   lie          what is synced is called durable, and is not before the next sync after the fault: a power
//   loss takes it
//                (no protocol that counts on a majority of disks promises to survive that)
//   unreadable   a record of the log reads as an error: a node that needs it ends, and does not start before
//   the
//                fault is over

#include "nemesis/faults/fault.h"

namespace ordeal {

class Disk : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "disk"; }
  [[nodiscard]] std::vector<std::string_view> shapes() const override;
  [[nodiscard]] bool simulated() const override { return true; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
