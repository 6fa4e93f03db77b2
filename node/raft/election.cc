// Elections: timers, pre-vote, votes, becoming and ceasing to be leader.

#include "node/raft/core.h"
#include "node/raft/quorum.h"

#include <fmt/format.h>

namespace ordeal::raft {

// --- Timers ----------------------------------------------------------------------------------------------

void Core::reset_election_timer() {
  const auto range = static_cast<std::uint64_t>(config_.election_timeout.ns());
  const auto extra = static_cast<std::int64_t>(rng_->below(range));
  election_deadline_ = clock() + config_.election_timeout + nanoseconds(extra);
}

bool Core::may_campaign() const {
  // While a snapshot is being installed the log in memory is ahead of the disk. A candidate must not promise
  // a log that a crash would take from it.
  if (installing_) return false;
  // Thesis 4.2.2: a node that is leaving stands as long as C-new may not be committed. It may be the only one
  // that has C-new, while its longer log keeps the others, who still need its vote, from winning.
  return members().is_voter(config_.self) || log_.configuration_at(commit_).is_voter(config_.self);
}

void Core::campaign() {
  if (!may_campaign()) {
    reset_election_timer();
    return;
  }
  if (config_.pre_vote) {
    start_pre_vote();
  } else {
    start_election(false);
  }
}

bool Core::leader_is_alive() const {
  if (lead_) return true;
  return heard_leader_at_ && clock() - *heard_leader_at_ < config_.election_timeout;
}

// --- Asking ----------------------------------------------------------------------------------------------

void Core::start_pre_vote() {
  // Thesis 9.6: ask first, with the term untouched, so that a node that comes back from a partition deposes
  // nobody.
  role_ = Role::kPreCandidate;
  // PLANT R24, continued: the leader that is heard no more stays the leader.
  if (!plants_.has(Bug::kR24)) leader_ = kNoNode;
  reset_election_timer();
  event("pre-vote-started",
        fmt::format("{} asks who would vote for it in term {}", node_name(config_.self), term_ + 1));
  votes_ = {{config_.self, true}};
  for (const NodeId node : members().members()) {
    if (node == config_.self || !members().is_voter(node)) continue;
    send(node, PreVoteRequest{term_ + 1, log_.last_index(), log_.last_term()});
  }
  count_votes();
}

void Core::start_election(bool transfer) {
  follow(term_ + 1, kNoNode);
  role_ = Role::kCandidate;
  vote_ = config_.self;
  persist_hard_state();
  reset_election_timer();
  event("election-started", fmt::format("{} stands in term {}", node_name(config_.self), term_));
  votes_.clear();
  own_vote_ = last_write();
  // The requests wait for the disk too. Otherwise: 1. ask for votes with a log whose end is not durable; 2.
  // be granted them; 3. lose power, and with it that end, term and vote; 4. come back, stand in the same term
  // again and win by the late answers, without entries that those voters took for given.
  for (const NodeId node : members().members()) {
    if (node == config_.self || !members().is_voter(node)) continue;
    send_when_durable(node, VoteRequest{log_.last_index(), log_.last_term(), transfer});
  }
}

void Core::count_votes() {
  const VoteResult result = joint_vote(members().voters, members().outgoing, votes_, quorum_);
  if (result == VoteResult::kPending) return;
  if (result == VoteResult::kLost) {
    // No leader is known, or this node would be a follower.
    follow(term_, leader_);
  } else if (role_ == Role::kPreCandidate) {
    start_election(false);
  } else {
    become_leader();
  }
}

// --- Answering -------------------------------------------------------------------------------------------

bool Core::is_current(LogIndex last_index, Term last_term) const {
  // PLANT R12: logs are not compared.
  if (plants_.has(Bug::kR12)) return true;
  // Raft 5.4.1: the later last term wins; with equal terms the longer log.
  if (last_term != log_.last_term()) return last_term > log_.last_term();
  return last_index >= log_.last_index();
}

void Core::handle(NodeId from, Term term, PreVoteRequest& m) {
  // A node that lags in terms must learn that by a refusal which carries ours; else, when it holds the longer
  // log, no election could ever be won.
  const bool behind = m.candidate_term <= term_ || term > m.candidate_term;
  // Thesis 9.6: not while a leader is heard. The leader itself may ask: then it no longer leads.
  bool content = leader_is_alive() && from != leader_;
  // PLANT R24: not while one is known, be it gone or the very one that asks.
  if (plants_.has(Bug::kR24)) content = leader_ != kNoNode;
  const bool granted = !behind && !content && is_current(m.last_index, m.last_term);
  send(from, PreVoteReply{m.candidate_term, granted});
}

void Core::handle(NodeId from, Term /*term*/, PreVoteReply& m) {
  const bool awaited = role_ == Role::kPreCandidate && m.candidate_term == term_ + 1;
  // PLANT R3: a candidate takes a late one for a vote.
  const bool as_vote = plants_.has(Bug::kR3) && role_ == Role::kCandidate && m.candidate_term == term_;
  if (!awaited && !as_vote) return;
  if (votes_.emplace(from, m.granted).second) count_votes();
}

void Core::handle(NodeId from, Term /*term*/, VoteRequest& m) {
  // Raft 5.2: at most one vote per term, first come first served, and it is durable before it is given.
  // Learners vote when they are asked: the candidate may know of a promotion that this node has not heard of
  // yet.
  const bool free = vote_ == from || (vote_ == kNoNode && leader_ == kNoNode);
  const bool granted = free && is_current(m.last_index, m.last_term);
  if (granted) {
    if (vote_ != from) {
      vote_ = from;
      persist_hard_state();
    }
    reset_election_timer();
  }
  send_when_durable(from, VoteReply{granted});
}

void Core::handle(NodeId from, Term /*term*/, VoteReply& m) {
  if (role_ != Role::kCandidate) return;
  if (votes_.emplace(from, m.granted).second) count_votes();
}

// --- Roles -----------------------------------------------------------------------------------------------

void Core::become_leader() {
  role_ = Role::kLeader;
  leader_ = config_.self;
  votes_.clear();
  abandon_forwards();
  incoming_.reset();
  lead_ = Leading{};
  lead_->first_own = log_.last_index() + 1;
  seen_forwards_ = {term_, {}};
  sync_peers(lead_->first_own);
  // Raft 8: a no-op opens the term. It commits what earlier terms left behind, tells how far that is, and is
  // the first message that the others hear from their new leader.
  append_own(EntryKind::kNoOp, {});
  event("became-leader",
        fmt::format("{} leads term {} from entry {}", node_name(config_.self), term_, lead_->first_own));
  lead_->heartbeat_due = clock() + config_.heartbeat;
  lead_->checks_due = lead_->heartbeat_due;
}

void Core::follow(Term term, NodeId leader) {
  if (lead_) stop_leading(term > term_ ? fmt::format("term {} has begun", term) : "it was told to");
  if (term > term_) {
    term_ = term;
    vote_ = kNoNode;
    leader_ = kNoNode;
    persist_hard_state();
    // What the log has beyond the commit index may not be the new leader's.
    verified_ = commit_;
    abandon_forwards();
  }
  if (leader != leader_ && leader != kNoNode) {
    event("follows",
          fmt::format("{} follows {} in term {}", node_name(config_.self), node_name(leader), term_));
  }
  role_ = Role::kFollower;
  leader_ = leader;
  votes_.clear();
}

void Core::stop_leading(std::string why) {
  event("stepped-down", fmt::format("{} no longer leads term {}: {}", node_name(config_.self), term_, why));
  role_ = Role::kFollower;
  leader_ = kNoNode;
  refuse_reads(lead_->arrived);
  for (ReadRound& round : lead_->rounds) refuse_reads(round.reads);
  abandon_proposals();
  drop_snapshots();
  verified_ = commit_;
  lead_.reset();
  reset_election_timer();
}

}  // namespace ordeal::raft
