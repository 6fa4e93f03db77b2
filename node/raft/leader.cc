// Appends and heartbeats as they leave, the answers to them, the commit rule.

#include "node/raft/core.h"
#include "node/raft/quorum.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::raft {

void Core::append_own(EntryKind kind, Bytes data) {
  log_.append(log_.next_entry(term_, kind, std::move(data)), batch_);
  stable_.wrote(last_write(), log_.last_index());
}

// --- Heartbeats ------------------------------------------------------------------------------------------

void Core::lead_tick() {
  if (clock() >= lead_->checks_due) check_leadership();
  if (lead_ && clock() >= lead_->heartbeat_due) start_round();
}

void Core::check_leadership() {
  lead_->checks_due = clock() + config_.heartbeat;
  // PLANT R25: no check-quorum.
  const bool check_quorum = config_.check_quorum && !plants_.has(Bug::kR25);
  // Thesis 6.2: a leader that hears from no majority for an election timeout steps down, so that its clients
  // go elsewhere.
  if (check_quorum && clock() - quorum_contact() >= config_.election_timeout) {
    stop_leading("no majority answers");
    return;
  }
  if (lead_->transfer && clock() >= lead_->transfer->deadline) {
    event("transfer-abandoned",
          fmt::format("{} did not take over in time", node_name(lead_->transfer->target)));
    lead_->transfer.reset();
  }
  retry_snapshots();
}

void Core::start_round() {
  ++lead_->round;
  lead_->heartbeat_due = clock() + config_.heartbeat;
  for (auto& [node, peer] : lead_->peers) {
    send(node, Heartbeat{commit_, lead_->round, clock()});
    peer.told_commit = std::max(peer.told_commit, commit_);
  }
}

MonotonicTime Core::quorum_contact() const {
  const auto heard_at = [this](NodeId node) {
    const auto peer = lead_->peers.find(node);
    return peer == lead_->peers.end() ? clock() : peer->second.acked_at();
  };
  return joint_reached<MonotonicTime>(members().voters, members().outgoing, heard_at, quorum_)
      .value_or(clock());
}

bool Core::recently_active(const Progress& peer) const {
  return clock() - peer.acked_at() < config_.election_timeout;
}

Progress* Core::find_peer(NodeId node) {
  if (!lead_) return nullptr;
  const auto peer = lead_->peers.find(node);
  return peer == lead_->peers.end() ? nullptr : &peer->second;
}

void Core::handle(NodeId from, Term /*term*/, HeartbeatReply& m) {
  Progress* peer = find_peer(from);
  if (peer == nullptr) return;
  if (m.round > lead_->round || m.sent_at > clock()) {
    drop_malformed(from);
    return;
  }
  // PLANT R7: the promise is counted from the arrival of the answer.
  peer->answered(m.round, plants_.has(Bug::kR7) ? clock() : m.sent_at);
  // PLANT R9: and when the round was sent is noted on the wall clock.
  if (plants_.has(Bug::kR9)) lead_->wall_promises[from] = now_.wall - (clock() - m.sent_at);
  peer->revive();
  // The peer lives but has not everything: an append may have been lost. Or it has, but restarted and does
  // not know that its log is the leader's, so that it may not follow the commit index. An append without
  // entries settles both: it is refused when something before it is missing. No limit holds it up; were the
  // lost appends the limit, all would stop.
  const bool behind = peer->match() < log_.last_index() || m.verified < peer->match();
  const bool in_log = peer->next() > log_.start().index;
  // A probe that has entries to show goes out at the end of the step.
  const bool idle = peer->state() == Progress::State::kReplicate ||
                    (peer->state() == Progress::State::kProbe && peer->next() > log_.last_index());
  if (behind && in_log && idle) send_append(from, *peer, peer->next() - 1);
}

// --- Replication -----------------------------------------------------------------------------------------

void Core::sync_peers(LogIndex next) {
  const std::vector<NodeId> wanted = members().members();
  for (const NodeId node : wanted) {
    // A peer that is new gets the benefit of the doubt: it counts as heard from now.
    if (node != config_.self) lead_->peers.try_emplace(node, next, clock());
  }
  std::vector<NodeId> gone;
  for (const auto& [node, peer] : lead_->peers) {
    if (!std::binary_search(wanted.begin(), wanted.end(), node)) gone.push_back(node);
  }
  for (const NodeId node : gone) {
    stop_snapshot(node, LogIndex{});
    lead_->peers.erase(node);
  }
}

void Core::replicate() {
  for (auto& [node, peer] : lead_->peers) replicate_to(node, peer);
}

void Core::replicate_to(NodeId to, Progress& peer) {
  if (peer.state() == Progress::State::kSnapshot) return;
  if (peer.next() <= log_.start().index) {
    // What it needs is compacted. A snapshot for a peer that is not there would only hold the log back.
    if (recently_active(peer)) start_snapshot(to, peer);
    return;
  }
  while (!failed_ && peer.may_send(limits_) && peer.next() <= log_.last_index()) {
    send_append(to, peer, log_.last_index());
    if (peer.state() == Progress::State::kProbe) return;
  }
  if (peer.state() == Progress::State::kReplicate && peer.told_commit < commit_) {
    peer.told_commit = commit_;
    send(to, CommitNotice{commit_});
  }
}

void Core::send_append(NodeId to, Progress& peer, LogIndex last_wanted) {
  const LogIndex prev = peer.next() - 1;
  AppendWriter writer(term_, prev, *log_.term_at(prev), commit_);
  LogIndex last = prev;
  Chain chain = 0;
  if (last_wanted > prev) {
    const Status read = log_.visit(peer.next(), last_wanted, [&](const Entry& entry) {
      if (writer.count() > 0 && writer.bytes() + entry.data.size() > config_.append_bytes_max) return false;
      writer.add(entry);
      last = entry.index;
      chain = entry.chain;
      return true;
    });
    if (!survives(read)) return;
  } else {
    const Result<Chain> at_prev = log_.chain_at(prev);
    if (!at_prev) return fail_storage(at_prev.error());
    chain = *at_prev;
  }
  peer.sent(last, writer.bytes());
  peer.told_commit = std::max(peer.told_commit, commit_);
  // PLANT R20: what was sent counts as replicated.
  if (plants_.has(Bug::kR20)) peer.claim_match(last);
  // Thesis 10.2.1: without waiting for the own disk. The own copy counts only once it is durable.
  send_payload(Ticket{}, to, std::move(writer).finish(chain));
}

void Core::handle(NodeId from, Term /*term*/, AppendReply& m) {
  Progress* peer = find_peer(from);
  if (peer == nullptr) return;
  if (m.index > log_.last_index() && m.accepted) {
    drop_malformed(from);
    return;
  }
  if (m.accepted) {
    if (peer->state() != Progress::State::kSnapshot) peer->accepted(m.index);
    return;  // The commit index moves at the end of the step.
  }
  // The follower's hint is one bound, where this log has a term that is no later is the other.
  LogIndex next = m.index + 1;
  if (m.index >= log_.start().index) next = log_.last_index_with_term_at_most(m.index, m.term) + 1;
  peer->refused(m.prev_index, next);
}

// --- Commit ----------------------------------------------------------------------------------------------

void Core::advance_commit() {
  if (commit_ == log_.last_index()) return;  // As after most steps: nothing is left to commit.
  const auto reached = [this](NodeId node) {
    // The leader is one of the voters: its own copy counts when its own disk has it.
    if (node == config_.self) return stable_.index();
    const auto peer = lead_->peers.find(node);
    return peer == lead_->peers.end() ? LogIndex{} : peer->second.match();
  };
  const LogIndex index =
      joint_reached<LogIndex>(members().voters, members().outgoing, reached, quorum_).value_or(LogIndex{});
  if (index <= commit_) return;
  // Raft 5.4.2: only entries of the current term are committed by counting copies; with them, all before.
  const bool own_term = log_.matches(index, term_);
  // PLANT R1: entries of older terms too.
  if (!own_term && !plants_.has(Bug::kR1)) return;
  commit_to(index);
}

}  // namespace ordeal::raft
