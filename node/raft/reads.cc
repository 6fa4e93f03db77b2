// Linearizable reads without a log entry (thesis 6.4): a read index that a heartbeat round or a lease
// confirms.

#include "node/raft/core.h"
#include "node/raft/quorum.h"

#include <algorithm>

namespace ordeal::raft {

void Core::start_reads() {
  if (!lead_) return ask_read_index();
  ReadBatch& arrived = lead_->arrived;
  std::move(arrived_reads_.begin(), arrived_reads_.end(), std::back_inserter(arrived.local));
  arrived_reads_.clear();
  if (arrived.empty()) return;
  // PLANT R5: the leader believes that it still leads.
  if (plants_.has(Bug::kR5)) return confirm(std::exchange(arrived, {}), LogIndex{});
  // Thesis 6.4, step 1: until an entry of its own term is committed, a leader does not know what is.
  // PLANT R6: it does not wait for that.
  if (commit_ < lead_->first_own && !plants_.has(Bug::kR6)) return;
  if (lease_holds()) return confirm(std::exchange(arrived, {}), commit_);
  // One round for everything that arrived in this step.
  start_round();
  lead_->rounds.push_back({lead_->round, commit_, std::exchange(arrived, {})});
}

bool Core::lease_holds() const {
  if (config_.read_mode != ReadMode::kLease) return false;
  // A successor that was told to stand does not wait for the lease to run out, and the telling may arrive
  // late, so that the lease is not taken up again in this term.
  // PLANT R8: it is kept.
  if ((lead_->transfer || lead_->lease_void) && !plants_.has(Bug::kR8)) return false;
  // PLANT R9, continued: and compared with it.
  if (plants_.has(Bug::kR9)) return lease_holds_on_wall_clock();
  // Counted from when the round was sent: the followers' promise began at some time after that. Their clocks
  // may run ahead of this one.
  const auto promised_at = [this](NodeId node) {
    const auto peer = lead_->peers.find(node);
    return peer == lead_->peers.end() ? clock() : peer->second.promised_at();
  };
  const auto since = joint_reached<MonotonicTime>(members().voters, members().outgoing, promised_at, quorum_);
  return clock() < since.value_or(clock()) + config_.election_timeout - config_.clock_drift_max;
}

bool Core::lease_holds_on_wall_clock() const {
  const auto promised_at = [this](NodeId node) {
    if (node == config_.self) return now_.wall;
    const auto promise = lead_->wall_promises.find(node);
    return promise == lead_->wall_promises.end() ? WallTime(INT64_MIN / 2) : promise->second;
  };
  const auto since = joint_reached<WallTime>(members().voters, members().outgoing, promised_at, quorum_);
  return now_.wall < since.value_or(now_.wall) + config_.election_timeout - config_.clock_drift_max;
}

void Core::confirm_rounds() {
  if (!lead_ || lead_->rounds.empty()) return;
  const auto answered = [this](NodeId node) {
    const auto peer = lead_->peers.find(node);
    return peer == lead_->peers.end() ? lead_->round : peer->second.acked_round();
  };
  const std::uint64_t round =
      joint_reached<std::uint64_t>(members().voters, members().outgoing, answered, quorum_)
          .value_or(lead_->round);
  while (!lead_->rounds.empty() && lead_->rounds.front().round <= round) {
    ReadRound confirmed = std::move(lead_->rounds.front());
    lead_->rounds.pop_front();
    confirm(std::move(confirmed.reads), confirmed.index);
  }
}

void Core::confirm(ReadBatch reads, LogIndex index) {
  for (Request& request : reads.local) {
    ready_reads_.push_back({index, std::move(request), clock() + config_.forward_timeout});
  }
  for (const RemoteRead& remote : reads.remote) send(remote.node, ReadIndexReply{remote.number, true, index});
}

void Core::refuse_reads(ReadBatch& reads) {
  refuse_all(reads.local, RefusalCode::kNoLeader);
  for (const RemoteRead& remote : reads.remote)
    send(remote.node, ReadIndexReply{remote.number, false, LogIndex{}});
  reads.remote.clear();
}

// --- Reads at a follower ---------------------------------------------------------------------------------

void Core::ask_read_index() {
  if (arrived_reads_.empty()) return;
  if (leader_ == kNoNode) return refuse_all(arrived_reads_, RefusalCode::kNoLeader);
  if (!config_.forward) return refuse_all(arrived_reads_, RefusalCode::kNotLeader);
  asked_.emplace(++asked_number_,
                 AskedReads{std::exchange(arrived_reads_, {}), clock() + config_.forward_timeout});
  send(leader_, ReadIndexRequest{asked_number_});
}

void Core::handle(NodeId from, Term /*term*/, ReadIndexRequest& m) {
  if (lead_) {
    lead_->arrived.remote.push_back({from, m.number});
  } else {
    send(from, ReadIndexReply{m.number, false, LogIndex{}});
  }
}

void Core::handle(NodeId /*from*/, Term /*term*/, ReadIndexReply& m) {
  const auto asked = asked_.find(m.number);
  if (asked == asked_.end()) return;
  std::vector<Request> reads = std::move(asked->second.reads);
  asked_.erase(asked);
  // A read that was not confirmed has no effect: the client may ask again.
  if (!m.confirmed) return refuse_all(reads, RefusalCode::kNoLeader);
  for (Request& request : reads) {
    ready_reads_.push_back({m.index, std::move(request), clock() + config_.forward_timeout});
  }
}

}  // namespace ordeal::raft
