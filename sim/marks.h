#pragma once
// Coverage marks: situations that a campaign should have been in, because bugs live there. A hunt says how
// many of its seeds reached each, and which none did: schedules that never split a vote say nothing about
// split votes. Some are negative controls: what a correct core does although it looks wrong at first sight.
// Seeds that reached one and were not flagged show that no invariant and no checker takes it for a bug.

#include "common/history.h"
#include "common/ids.h"
#include "node/protocol.h"
#include "node/raft/inspection.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <vector>

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
  // Negative controls.
  kCommittedBeforeOwnDisk,
  kCommittedBeforeOthersKnew,
  kCommitForgotten,
  kVoteAgainstLeader,
  kRetriedWrite,
  kLateWrite,
};
inline constexpr std::size_t kMarkCount = 21;
/// "vote split", "snapshot installed while the leader changed", ...
[[nodiscard]] std::string_view to_text(Mark mark);

class Marks {
 public:
  explicit Marks(std::uint32_t nodes) : nodes_(nodes), standings_(nodes) {}

  /// A notable event of a core that is in `term`; `joint`: its members are being changed.
  void happened(NodeId node, std::string_view event, Term term, bool joint);
  /// After each step of a core, and when its process begins.
  void stepped(NodeId node, const raft::Standing& now);
  /// The whole history of a run. Requires: the values written are unique.
  void recorded(const History& history);
  /// `lost`: batches that a power loss took.
  void crashed(NodeId node, std::size_t lost);
  void started(NodeId node) { down_.erase(node); }
  void paused(NodeId node, bool leader);
  void resumed(NodeId node) { paused_leaders_.erase(node); }

  [[nodiscard]] bool reached(Mark mark) const { return reached_[static_cast<std::size_t>(mark)]; }

 private:
  void reach(Mark mark) { reached_[static_cast<std::size_t>(mark)] = true; }
  void elected(NodeId node, bool joint);
  void committed(NodeId node, const raft::Standing& now);
  void voted(NodeId node, const raft::Standing& now);

  std::uint32_t nodes_;
  std::array<bool, kMarkCount> reached_{};
  NodeId leader_;  ///< elected last
  std::map<Term, NodeId> candidates_;
  std::vector<raft::Standing> standings_;  ///< of node i + 1, as last seen
  std::set<NodeId> down_;
  std::set<NodeId> paused_leaders_;
  bool snapshot_under_way_ = false;
  bool leader_changed_since_ = false;  ///< since that snapshot began
  bool transferring_ = false;
};

}  // namespace ordeal::sim
