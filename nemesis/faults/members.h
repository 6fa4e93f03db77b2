#pragma once
// Members: the leader is asked to change who is a member.
//
//   remove   the target leaves
//   demote   the target stays as learners, who do not vote

#include "nemesis/faults/fault.h"

#include <vector>

namespace ordeal {

class Members : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "members"; }
  [[nodiscard]] std::vector<std::string_view> shapes() const override;
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

/// In order of nodes.
struct Membership {
  std::vector<NodeId> voters;
  std::vector<NodeId> learners;

  friend bool operator==(const Membership&, const Membership&) = default;
};

/// Faults overlap: a node votes when all of them let it, and is a learner when all of them keep it. The
/// voters may be none at all. Requires: `nodes` is sorted.
[[nodiscard]] Membership combine_members(std::vector<NodeId> nodes, const std::vector<MembersFault>& faults);

}  // namespace ordeal
