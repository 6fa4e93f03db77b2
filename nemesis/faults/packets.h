#pragma once
// Packets: all links of the target misbehave without being cut.
//
//   delay       50 to 250 ms late
//   loss        30 % are lost
//   duplicate   30 % arrive twice
//   reorder     up to 100 ms late, and overtaking each other

#include "nemesis/faults/fault.h"

namespace ordeal {

class Packets : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "packets"; }
  [[nodiscard]] bool simulated() const override { return true; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
