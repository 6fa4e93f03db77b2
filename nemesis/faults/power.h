#pragma once
// Power: the machines under the target lose power. Unlike a killed process they lose what was not synced, as
// a suffix of what was written; a protocol that acknowledges before its disk does is found out.

#include "nemesis/faults/fault.h"

namespace ordeal {

class Power : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "power"; }
  [[nodiscard]] bool simulated() const override { return true; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
