#pragma once
// Transfer: the leader is asked to hand leadership to the target. It lasts no time.

#include "nemesis/faults/fault.h"

namespace ordeal {

class Transfer : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "transfer"; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
