#include "sim/marks.h"

namespace ordeal::sim {

std::string_view to_text(Mark mark) {
  constexpr std::array<std::string_view, kMarkCount> kTexts = {
      "another leader elected",   "vote split between two candidates of a term",
      "leader stepped down",      "leader crashed",
      "a majority down at once",  "leader deposed while paused",
      "power loss took writes",   "divergent tail of a log cut",
      "snapshot installed",       "snapshot installed while the leader changed",
      "members changed",          "leader elected in the middle of a change of members",
      "leadership handed over",   "hand-over abandoned",
      "failed sync ended a node",
  };
  return kTexts[static_cast<std::size_t>(mark)];
}

void Marks::happened(NodeId node, std::string_view event, Term term, bool joint) {
  if (event == "became-leader") {
    elected(node, joint);
  } else if (event == "election-started") {
    const auto [candidate, first] = candidates_.emplace(term, node);
    if (!first && candidate->second != node) reach(Mark::kVoteSplit);
  } else if (event == "stepped-down") {
    reach(Mark::kLeaderSteppedDown);
  } else if (event == "log-cut") {
    reach(Mark::kDivergentTailCut);
  } else if (event == "snapshot-started") {
    if (!snapshot_under_way_) leader_changed_since_ = false;
    snapshot_under_way_ = true;
  } else if (event == "snapshot-installed") {
    reach(Mark::kSnapshotInstalled);
    if (snapshot_under_way_ && leader_changed_since_) reach(Mark::kSnapshotAcrossLeaders);
    snapshot_under_way_ = false;
  } else if (event == "membership") {
    reach(Mark::kMembersChanged);
  } else if (event == "transfer-started") {
    transferring_ = true;
  } else if (event == "transfer-abandoned") {
    transferring_ = false;
    reach(Mark::kTransferAbandoned);
  } else if (event == "process-ended") {
    reach(Mark::kSyncErrorEndedNode);
  }
}

void Marks::elected(NodeId node, bool joint) {
  if (leader_ != kNoNode && leader_ != node) {
    reach(Mark::kLeaderReplaced);
    leader_changed_since_ = true;
    if (transferring_) reach(Mark::kTransferDone);
    if (paused_leaders_.contains(leader_)) reach(Mark::kPausedLeaderDeposed);
  }
  transferring_ = false;
  if (joint) reach(Mark::kElectedInJoint);
  leader_ = node;
}

void Marks::crashed(NodeId node, std::size_t lost) {
  if (node == leader_) reach(Mark::kLeaderCrashed);
  if (lost > 0) reach(Mark::kPowerTookWrites);
  down_.insert(node);
  if (down_.size() > nodes_ / 2) reach(Mark::kQuorumCrashed);
}

void Marks::paused(NodeId node, bool leader) {
  if (leader) paused_leaders_.insert(node);
}

}  // namespace ordeal::sim
