// Appends and heartbeats as they arrive.

#include "node/raft/core.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::raft {

bool Core::hear_leader(NodeId from) {
  // Called in the sender's term. Two leaders in one term cannot be; when a planted bug makes them, the log
  // must show it, not a crash.
  if (lead_ || (leader_ != kNoNode && leader_ != from)) {
    event("two-leaders",
          fmt::format("{} claims to lead term {} beside {}", node_name(from), term_, node_name(leader_)));
    return false;
  }
  if (leader_ != from || role_ != Role::kFollower) follow(term_, from);
  heard_leader_at_ = clock();
  reset_election_timer();
  return true;
}

void Core::handle(NodeId from, Term term, Append& m) {
  // No leader has entries of a term after its own.
  if (m.prev_term > term || (!m.entries.empty() && m.entries.back().term > term)) return drop_malformed(from);
  if (!hear_leader(from)) return;
  if (installing_) return;  // The log's new beginning is not on disk yet; the leader will try again.
  // PLANT R12, continued: figure 2 to the letter, which does not look at commitIndex before it deletes.
  if (m.prev_index < commit_ && !plants_.has(Bug::kR12)) {
    // Committed entries are the same everywhere: nothing to compare, and nothing may be cut.
    verified_ = std::max(verified_, commit_);
    acknowledge(from, m.prev_index, commit_);
    return;
  }
  // Raft 5.3: refuse when the log does not contain an entry at prev_index with prev_term.
  if (!log_.matches(m.prev_index, m.prev_term)) {
    refuse_append(from, m);
    return;
  }
  // Raft 5.3: only entries that conflict are cut. The message may be old: what follows matching entries
  // stays.
  std::size_t fresh = 0;
  while (fresh < m.entries.size() && log_.matches(m.entries[fresh].index, m.entries[fresh].term)) ++fresh;
  // PLANT R10: the log is cut after prev_index in any case.
  if (plants_.has(Bug::kR10)) fresh = 0;
  if (!link_entries(from, m, fresh)) return;
  const LogIndex last = m.prev_index + m.entries.size();
  if (!store_entries(m, fresh)) return;
  verified_ = std::max(verified_, last);
  follow_commit(m.commit);
  acknowledge(from, m.prev_index, last);
}

void Core::acknowledge(NodeId to, LogIndex prev_index, LogIndex index) {
  // Raft figure 2: on stable storage before responding. Also when the append was a repetition that left
  // nothing to write: what it repeats may be on its way to the disk still.
  AppendReply reply{true, prev_index, index, term_};
  // PLANT R4: on receipt.
  if (plants_.has(Bug::kR4)) return send(to, reply);
  send_when_durable(to, reply);
}

void Core::refuse_append(NodeId from, const Append& m) {
  // Fast back-off (end of Raft 5.3): name the last place where the logs can still agree, so that the leader
  // skips a whole term at a time.
  const LogIndex hint = log_.last_index_with_term_at_most(m.prev_index, m.prev_term);
  send(from, AppendReply{false, m.prev_index, hint, *log_.term_at(hint)});
}

bool Core::link_entries(NodeId from, Append& m, std::size_t fresh) {
  // Log matching, checked: when the logs agree at prev_index, their chains do, and both ends of this append
  // must agree.
  const Result<Chain> before = log_.chain_at(m.prev_index + fresh);
  if (!before) {
    fail_storage(before.error());
    return false;
  }
  Chain chain = *before;
  for (std::size_t i = fresh; i < m.entries.size(); ++i) {
    m.entries[i].chain = link(chain, m.entries[i]);
    chain = m.entries[i].chain;
  }
  if (chain == m.chain) return true;
  event("chain-mismatch", fmt::format("entries up to {} from {} are not what that leader has; not taken",
                                      m.prev_index + m.entries.size(), node_name(from)));
  ++malformed_;
  return false;
}

bool Core::store_entries(Append& m, std::size_t fresh) {
  const bool cut_always = plants_.has(Bug::kR10);  // PLANT R10, continued: also when nothing new follows.
  if (fresh == m.entries.size() && !cut_always) return true;
  const LogIndex from = m.prev_index + (fresh + 1);
  if (from <= log_.last_index()) {
    event("log-cut", fmt::format("{} drops entries {} to {}, which {} does not have", node_name(config_.self),
                                 from, log_.last_index(), node_name(leader_)));
    // PLANT R21, continued: the report that a write is on disk counts for what replaced its entries.
    stable_.cut(from, !plants_.has(Bug::kR21));
    if (!survives(log_.truncate(from, batch_))) return false;
  }
  for (std::size_t i = fresh; i < m.entries.size(); ++i) log_.append(std::move(m.entries[i]), batch_);
  stable_.wrote(last_write(), log_.last_index());
  return true;
}

void Core::follow_commit(LogIndex leader_commit) {
  // Raft 5.3, figure 2: min(leaderCommit, index of last new entry). Beyond what this leader has verified, the
  // log may hold entries that it will cut.
  LogIndex limit = verified_;
  // PLANT R11: whatever the log holds is taken for the leader's.
  if (plants_.has(Bug::kR11)) limit = log_.last_index();
  commit_to(std::min(leader_commit, limit));
}

void Core::handle(NodeId from, Term /*term*/, Heartbeat& m) {
  if (!hear_leader(from)) return;
  if (!installing_) follow_commit(m.commit);
  // The term must be durable, as for every answer that a quorum is counted from; entries need not be.
  send_after(hard_state_written_, from, HeartbeatReply{m.round, m.sent_at, verified_});
}

void Core::handle(NodeId from, Term /*term*/, CommitNotice& m) {
  if (!hear_leader(from)) return;
  if (!installing_) follow_commit(m.commit);
}

}  // namespace ordeal::raft
