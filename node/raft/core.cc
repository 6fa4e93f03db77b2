#include "node/raft/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <typeinfo>

namespace ordeal::raft {

Core::Core(RaftConfig config, PlantSet plants, Recovered recovered, Now now, Rng& rng)
    : config_(std::move(config)),
      plants_(plants),
      quorum_{.half_of_even = plants.has(Bug::kR22), .united = plants.has(Bug::kR13)},
      limits_{config_.inflight_messages_max, config_.inflight_bytes_max},
      log_(std::move(recovered.log)),
      term_(recovered.hard_state.term),
      vote_(recovered.hard_state.vote),
      batch_(std::move(recovered.first_writes)),
      stable_(log_.last_index()),
      // Thesis 3.8: the commit index may be lost, but what was applied was committed.
      commit_(recovered.applied),
      handed_out_(recovered.applied),
      executed_(recovered.applied),
      verified_(recovered.applied),
      incarnation_(rng.next()),
      asked_number_(incarnation_) {
  // PLANT R2: the vote is forgotten.
  if (plants_.has(Bug::kR2)) vote_ = kNoNode;
  begin(now, rng);
  // A lease counts on this node's promise not to vote for a while, which it may have made just before it
  // stopped.
  if (config_.read_mode == ReadMode::kLease) heard_leader_at_ = clock();
  reset_election_timer();
  for (const Plant& plant : plants_.active()) {
    event("plant-active", fmt::format("PLANTED BUG {}: {}", plant.id, plant.text));
  }
  first_events_ = std::move(out_.events);
}

// --- The step --------------------------------------------------------------------------------------------

Output Core::step(Now now, Rng& rng, std::span<const Input> inputs) {
  begin(now, rng);
  for (const Input& input : inputs) {
    std::visit([this](const auto& given) { take(given); }, input);
  }
  if (!failed_) tick();
  return finish();
}

void Core::begin(Now now, Rng& rng) {
  now_ = now;
  rng_ = &rng;
  std::swap(out_.events, first_events_);
}

Output Core::finish() {
  if (!failed_) {
    start_writes();
    if (lead_) {
      advance_commit();
      advance_membership();
    }
    start_reads();
    confirm_rounds();
    if (lead_) {
      replicate();
      advance_transfer();
      leave_if_removed();
    }
    hand_out();
    answer_ready_reads();
    compact();
  }
  if (failed_) {
    // What this step decided hangs on a log that cannot be read: none of it leaves.
    Output refused;
    refused.refusals = std::move(out_.refusals);
    refused.events = std::move(out_.events);
    out_ = std::move(refused);
    batch_ = {};
    replies_.clear();
  }
  flush_replies();
  if (!batch_.empty()) out_.writes.push_back({++issued_, std::exchange(batch_, {})});
  log_.trim_cache();
  out_.next_wake = next_wake();
  rng_ = nullptr;
  return std::move(out_);  // A vector that was moved from is empty: ready for the next step.
}

void Core::tick() {
  expire_requests();
  if (lead_) {
    lead_tick();
  } else if (clock() >= election_deadline_) {
    campaign();
  }
}

MonotonicTime Core::next_wake() const {
  if (failed_) return clock() + seconds(3600);
  MonotonicTime wake = lead_ ? std::min(lead_->heartbeat_due, lead_->checks_due) : election_deadline_;
  if (!forwards_.empty()) wake = std::min(wake, forwards_.begin()->second.deadline);
  if (!asked_.empty()) wake = std::min(wake, asked_.begin()->second.deadline);
  if (!ready_reads_.empty()) wake = std::min(wake, ready_reads_.front().deadline);
  return wake;
}

// --- Inputs ----------------------------------------------------------------------------------------------

void Core::take(const PeerMessage& input) {
  if (failed_) return;
  std::optional<Message> message = decode_message(input.payload);
  if (!message || input.from == kNoNode || input.from == config_.self) {
    drop_malformed(input.from);
    return;
  }
  // PLANT R25, continued: the election timer starts anew, whoever said whatever.
  if (plants_.has(Bug::kR25) && !lead_) reset_election_timer();
  if (!settle_term(input.from, *message)) return;
  const Term term = message->term;
  std::visit([&](auto& body) { handle(input.from, term, body); }, message->body);
}

void Core::take(const StorageDone& input) {
  ORDEAL_CHECK(input.ticket <= issued_);
  durable_ = std::max(durable_, input.ticket);
  if (failed_) return;
  stable_.done(durable_);
  // A candidate's own vote counts like any other: when it cannot be forgotten.
  if (role_ == Role::kCandidate && durable_ >= own_vote_ && votes_.emplace(config_.self, true).second)
    count_votes();
}

bool Core::settle_term(NodeId from, const Message& message) {
  const MessageBody& body = message.body;
  // Requests and their answers are no part of the consensus: they depose nobody.
  if (std::holds_alternative<Forward>(body) || std::holds_alternative<ForwardReplies>(body) ||
      std::holds_alternative<ReadIndexRequest>(body) || std::holds_alternative<ReadIndexReply>(body)) {
    return true;
  }
  // Thesis 9.6: asking changes nothing. A grant may come from a node of an older term.
  if (std::holds_alternative<PreVoteRequest>(body)) return true;
  if (const auto* vote = std::get_if<VoteRequest>(&body); vote != nullptr && message.term >= term_) {
    // Thesis 6.4.1: leases stand on voters that do not help to depose a leader they heard from a moment ago.
    // Without leases, pre-vote alone keeps the peace, and withholding would only cost availability.
    // In this node's own term too: a late answer may have told it of a newer term without telling the leader
    // to which the promise was made.
    if (config_.read_mode == ReadMode::kLease && !vote->transfer && leader_is_alive()) return false;
  }
  if (message.term == term_) return true;
  if (message.term < term_) {
    // PLANT R21: nobody looks in which term it was that the entries were acknowledged.
    if (plants_.has(Bug::kR21) && std::holds_alternative<AppendReply>(body)) return true;
    const auto* granted = std::get_if<PreVoteReply>(&body);
    return granted != nullptr || answer_stale(from, body);
  }
  // Raft 5.1: whoever sees a larger term follows it.
  const bool from_leader = std::holds_alternative<Append>(body) || std::holds_alternative<Heartbeat>(body) ||
                           std::holds_alternative<SnapshotPart>(body) ||
                           std::holds_alternative<CommitNotice>(body) ||
                           std::holds_alternative<TimeoutNow>(body);
  follow(message.term, from_leader ? from : kNoNode);
  return true;
}

bool Core::answer_stale(NodeId from, const MessageBody& body) {
  // The sender must learn of the newer term, else a leader that everybody has left behind goes on for ever,
  // and with pre-vote nobody would tell it.
  if (std::holds_alternative<Append>(body) || std::holds_alternative<Heartbeat>(body) ||
      std::holds_alternative<SnapshotPart>(body)) {
    send_when_durable(from, HeartbeatReply{});
  } else if (std::holds_alternative<VoteRequest>(body)) {
    send_when_durable(from, VoteReply{.granted = false});
  }
  return false;
}

void Core::drop_malformed(NodeId from) {
  ++malformed_;
  // One event for 1, 2, 4, 8 ... of them: a flood does not fill the host's log.
  if (std::has_single_bit(malformed_)) {
    event("message-dropped",
          fmt::format("{} malformed messages so far, the last from {}", malformed_, node_name(from)));
  }
}

// --- Storage ---------------------------------------------------------------------------------------------

void Core::fail_storage(const Error& error) {
  if (failed_) return;
  if (lead_) stop_leading("its log cannot be read");
  role_ = Role::kFollower;
  leader_ = kNoNode;
  abandon_forwards();
  for (const ReadyRead& ready : ready_reads_)
    refuse({config_.self, ready.request.id}, RefusalCode::kNoLeader);
  ready_reads_.clear();
  refuse_all(arrived_reads_, RefusalCode::kNoLeader);
  refuse_all(arrived_writes_, RefusalCode::kNoLeader);
  failed_ = true;
  event("storage-error", "this node takes no further part: " + error.message);
}

bool Core::survives(const Status& status) {
  if (!status) fail_storage(status.error());
  return status.ok();
}

Ticket Core::last_write() const {
  return batch_.empty() ? issued_ : issued_ + 1;
}

void Core::persist_hard_state() {
  batch_.put(Space::kLog, Bytes(kHardStateKey), encode_hard_state({term_, vote_}));
  hard_state_written_ = last_write();
}

// --- Outputs ---------------------------------------------------------------------------------------------

void Core::send_payload(Ticket after, NodeId to, Bytes payload) {
  if (out_.sends.empty()) out_.sends.reserve(8);  // A leader sends to every peer.
  out_.sends.push_back({to, std::move(payload), after});
}

void Core::event(std::string name, std::string text) {
  out_.events.push_back({std::move(name), std::move(text)});
}

// --- What the node says of itself ------------------------------------------------------------------------

ProtocolStatus Core::status() const {
  ProtocolStatus status;
  switch (role_) {
    case Role::kLeader:
      status.role = "leader";
      break;
    case Role::kCandidate:
      status.role = "candidate";
      break;
    case Role::kPreCandidate:
      status.role = "pre-candidate";
      break;
    case Role::kFollower:
      status.role = members().is_voter(config_.self) ? "follower" : "learner";
      break;
  }
  status.term = term_;
  status.leader = leader_;
  status.commit = commit_;
  status.applied = executed_;
  status.first_index = log_.first_index();
  status.last_index = log_.last_index();
  status.voters = members().voters;
  status.learners = members().learners;
  for (const NodeId node : members().members()) {
    if (node == config_.self) continue;
    PeerStatus peer{.node = node, .match = {}, .state = {}, .learner = !members().is_voter(node)};
    if (lead_) {
      const auto progress = lead_->peers.find(node);
      if (progress != lead_->peers.end()) {
        peer.match = progress->second.match();
        peer.state = to_text(progress->second.state());
      }
    }
    status.peers.push_back(std::move(peer));
  }
  for (const Plant& plant : plants_.active()) status.plants.emplace_back(plant.id);
  return status;
}

void Core::inspect(LogIndex marks_from, Inspection& seen) const {
  seen.node = config_.self;
  seen.leader = role_ == Role::kLeader;
  seen.term = term_;
  seen.vote = vote_;
  seen.commit = commit_;
  seen.applied = executed_;
  seen.durable = std::min(stable_.index(), log_.last_index());
  seen.installing = installing_.has_value();
  seen.start = {log_.start().index, log_.start().term, log_.start().chain};
  seen.last = {log_.last_index(), log_.last_term(), log_.last_chain()};
  seen.cuts = log_.cuts();
  seen.last_cut = log_.last_cut();
  seen.configuration = members();
  seen.malformed = malformed_;
  seen.marks.clear();
  const std::deque<Entry>& cache = log_.cache();
  if (cache.empty()) return;
  const LogIndex first = std::max(marks_from, cache.front().index);
  for (LogIndex index = first; index <= log_.last_index(); ++index) {
    const Entry& entry = cache[index - cache.front().index];
    seen.marks.push_back({entry.index, entry.term, entry.chain});
  }
}

namespace {

const Core& core_of(const Protocol& core) {
  // The class is final: comparing types is enough, and costs next to nothing where a dynamic_cast would
  // search.
  ORDEAL_CHECK(typeid(core) == typeid(Core));
  return static_cast<const Core&>(core);
}

}  // namespace

Inspection inspect(const Protocol& core, LogIndex marks_from) {
  Inspection seen;
  inspect(core, marks_from, seen);
  return seen;
}

void inspect(const Protocol& core, LogIndex marks_from, Inspection& seen) {
  core_of(core).inspect(marks_from, seen);
}

Standing standing(const Protocol& core) {
  return core_of(core).standing();
}

}  // namespace ordeal::raft
