#pragma once
// Partition: which ordered pairs of nodes lose their packets. Clients still reach every node, so a leader
// that is cut off from its followers goes on talking to its clients.
//
//   isolate-one    one node against all others (target: leader, follower, one, or a name)
//   halves         a minority with the target in it against the rest (also: minority;
//                  names are the side itself)
//   majority-ring  every node sees a majority, no two see the same one (Jepsen's
//                  majorities-ring); no target
//   bridge         two sides that see each other only through the target
//   one-way        the target is heard but hears nothing, or hears but is not heard
//   random         each ordered pair is cut by chance; no target

#include "nemesis/faults/fault.h"

namespace ordeal {

class Partition : public Fault {
 public:
  [[nodiscard]] std::string_view name() const override { return "partition"; }
  [[nodiscard]] std::vector<std::string_view> shapes() const override;
  [[nodiscard]] Status check(const FaultRequest& request, std::uint32_t nodes) const override;
  [[nodiscard]] Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                         Rng& rng) const override;
};

}  // namespace ordeal
