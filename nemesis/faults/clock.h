#pragma once
// Clock: the clocks of the target go wrong.
//
//   jump-forward   the wall clock is 30 s ahead
//   jump-back      the wall clock is 30 s behind
//   fast, slow     both clocks run 2 % too fast or too slow
//   freeze         both clocks stand still

#include "nemesis/faults/fault.h"

namespace ordeal {

class Clock : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "clock"; }
  [[nodiscard]] std::vector<std::string_view> shapes() const override;
  [[nodiscard]] bool simulated() const override { return true; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
