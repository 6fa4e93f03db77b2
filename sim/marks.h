#pragma once
// Coverage marks: situations that a campaign should have been in, because bugs live there. A hunt says how
// many of its seeds reached each, and which none did: schedules that never split a vote say nothing about
// split votes.

#include "common/ids.h"
#include "node/protocol.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>

namespace ordeal::sim {

enum class Mark : std::uint8_t {
  kLeaderReplaced,
  kVoteSplit,
  kLeaderSteppedDown,
  kLeaderCrashed,
  kQuorumCrashed,
  kPausedLeaderDeposed,
  kPowerTookWrites,
  kDivergentTailCut,
  kSnapshotInstalled,
  kSnapshotAcrossLeaders,
  kMembersChanged,
  kElectedInJoint,
  kTransferDone,
  kTransferAbandoned,
  kSyncErrorEndedNode,
};
inline constexpr std::size_t kMarkCount = 15;
/// "vote split", "snapshot installed while the leader changed", ...
[[nodiscard]] std::string_view to_text(Mark mark);

class Marks {
 public:
  explicit Marks(std::uint32_t nodes) : nodes_(nodes) {}

  /// A notable event of a core that is in `term`; `joint`: its members are being changed.
  void happened(NodeId node, std::string_view event, Term term, bool joint);
  /// `lost`: batches that a power loss took.
  void crashed(NodeId node, std::size_t lost);
  void started(NodeId node) { down_.erase(node); }
  void paused(NodeId node, bool leader);
  void resumed(NodeId node) { paused_leaders_.erase(node); }

  [[nodiscard]] bool reached(Mark mark) const { return reached_[static_cast<std::size_t>(mark)]; }

 private:
  void reach(Mark mark) { reached_[static_cast<std::size_t>(mark)] = true; }
  void elected(NodeId node, bool joint);

  std::uint32_t nodes_;
  std::array<bool, kMarkCount> reached_{};
  NodeId leader_;  ///< elected last
  std::map<Term, NodeId> candidates_;
  std::set<NodeId> down_;
  std::set<NodeId> paused_leaders_;
  bool snapshot_under_way_ = false;
  bool leader_changed_since_ = false;  ///< since that snapshot began
  bool transferring_ = false;
};

}  // namespace ordeal::sim
