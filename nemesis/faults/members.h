#pragma once
// Members: the leader is asked to change who is a member.
//
//   remove   the target leaves
//   demote   the target stays as learners, who do not vote

#include "nemesis/faults/fault.h"

namespace ordeal {

class Members : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "members"; }
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
