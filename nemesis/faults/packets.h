#pragma once
// Packets: all links of the target misbehave without being cut.
//
//   delay       50 to 250 ms late
//   loss        30 % are lost
//   duplicate   30 % arrive twice
//   reorder     up to 100 ms late, and overtaking each other
//   throttle    20,000 bytes a second for each link, one message after the other
//   clog        stuck, until the fault is over: then all arrive at once, and none is lost

#include "nemesis/faults/fault.h"

namespace ordeal {

class Packets : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "packets"; }
  [[nodiscard]] std::vector<std::string_view> shapes() const override;
  [[nodiscard]] bool simulated() const override { return true; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
