#pragma once
// What a fault of a plan may wait for instead of a time: the n-th time that something happens to a node.

#include "common/node_event.h"
#include "common/result.h"
#include "common/time.h"
#include "nemesis/faults/fault.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ordeal {

struct FaultTrigger {
  NodeEventKind kind = NodeEventKind::kLeaderElected;
  /// Whose events count: leader, follower, candidate, learner, or names "n1,n3"; empty: everybody's.
  std::string node = {};
  std::uint32_t count = 1;  ///< which of these, counted from 1
  Duration after = {};      ///< from that event to the fault

  [[nodiscard]] bool matches(const NodeEvent& event) const;

  friend bool operator==(const FaultTrigger&, const FaultTrigger&) = default;
};

/// A target of faults with a trigger alone: the node to which it happened.
inline constexpr std::string_view kThatNode = "that-node";
/// The request with `node` in the place of kThatNode.
[[nodiscard]] FaultRequest at_node(FaultRequest request, NodeId node);

/// Whether `node` of a trigger makes sense for its kind in a cluster of that size. The message says what is
/// allowed.
[[nodiscard]] Status check_trigger_node(const FaultTrigger& trigger, std::uint32_t nodes);
/// "leader-elected at n2, time 3": for notes.
[[nodiscard]] std::string describe(const FaultTrigger& trigger);

}  // namespace ordeal
