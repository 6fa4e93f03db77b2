#include "sim/marks.h"

#include <algorithm>
#include <utility>

namespace ordeal::sim {

std::string_view to_text(Mark mark) {
  constexpr std::array<std::string_view, kMarkCount> kTexts = {
      "another leader elected",
      "vote split between two candidates of a term",
      "leader stepped down",
      "leader crashed",
      "a majority down at once",
      "leader deposed while paused",
      "power loss took writes",
      "divergent tail of a log cut",
      "snapshot installed",
      "snapshot installed while the leader changed",
      "members changed",
      "leader elected in the middle of a change of members",
      "leadership handed over",
      "hand-over abandoned",
      "failed sync ended a node",
      "entry committed before its leader's disk had it",
      "entry committed before any follower knew",
      "commit index forgotten in a crash",
      "vote given against a leader in office",
      "write acknowledged after a retry",
      "write of unknown outcome seen later",
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

void Marks::stepped(NodeId node, const raft::Standing& now) {
  raft::Standing& before = standings_[node.value() - 1];
  if (now.commit < before.commit) reach(Mark::kCommitForgotten);
  if (now.commit > before.commit && now.leader) committed(node, now);
  if (now.term > before.term || now.vote != before.vote) voted(node, now);
  before = now;
}

void Marks::committed(NodeId node, const raft::Standing& now) {
  if (now.commit > now.durable) reach(Mark::kCommittedBeforeOwnDisk);
  const auto behind = [&](const raft::Standing& other) {
    return &other == &standings_[node.value() - 1] || other.commit < now.commit;
  };
  if (std::all_of(standings_.begin(), standings_.end(), behind)) reach(Mark::kCommittedBeforeOthersKnew);
}

void Marks::voted(NodeId node, const raft::Standing& now) {
  if (now.vote == kNoNode || now.vote == node || leader_ == kNoNode || leader_ == now.vote) return;
  const raft::Standing& leader = standings_[leader_.value() - 1];
  const bool in_office = leader.leader && !down_.contains(leader_) && !paused_leaders_.contains(leader_);
  if (in_office && leader.term < now.term) reach(Mark::kVoteAgainstLeader);
}

void Marks::recorded(const History& history) {
  // A value written twice would be taken for the late one of the two.
  std::map<std::pair<Value, Value>, std::size_t> unknown;  // key and value: where the outcome was given up
  const std::vector<Operation> operations = pair_operations(history);
  for (const Operation& operation : operations) {
    const Op& asked = history[operation.invoke];
    if (!operation.complete || asked.f == "read") continue;
    const Op& answer = history[*operation.complete];
    if (answer.type == OpType::kOk && answer.attempt.value_or(1) > 1) reach(Mark::kRetriedWrite);
    if (answer.type == OpType::kInfo && asked.f == "write")
      unknown.emplace(std::pair(asked.key, asked.value), *operation.complete);
  }
  for (const Operation& operation : operations) {
    const Op& asked = history[operation.invoke];
    if (!operation.complete || asked.f != "read") continue;
    const auto write = unknown.find({asked.key, history[*operation.complete].value});
    if (write != unknown.end() && write->second < operation.invoke) reach(Mark::kLateWrite);
  }
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
