// Clients' requests: proposals, refusals, and what followers pass on.

#include "node/raft/core.h"

#include <algorithm>

namespace ordeal::raft {

namespace {
/// Senders of forwarded requests that are told apart within one term; restarts make new ones.
constexpr std::size_t kForwardSendersMax = 4096;
}  // namespace

void Core::take(const ClientRequest& input) {
  ORDEAL_CHECK(!input.command.empty());
  if (failed_) return refuse({config_.self, input.id}, RefusalCode::kNoLeader);
  const bool as_read = input.read_only && config_.read_mode != ReadMode::kLog;
  (as_read ? arrived_reads_ : arrived_writes_).push_back({input.id, input.command});
}

void Core::start_writes() {
  if (arrived_writes_.empty()) return;
  std::vector<Request> requests = std::exchange(arrived_writes_, {});
  if (lead_) {
    for (Request& request : requests) propose({config_.self, request.id}, request.command);
    return;
  }
  if (leader_ == kNoNode) return refuse_all(requests, RefusalCode::kNoLeader);
  if (!config_.forward) return refuse_all(requests, RefusalCode::kNotLeader);
  Forward message{incarnation_, ++forward_message_, {}};
  std::uint64_t bytes = 0;
  for (Request& request : requests) {
    // A message has a limit on the wire; one that is too long would be lost, again and again.
    if (!message.items.empty() && bytes + request.command.size() > config_.append_bytes_max) {
      send(leader_, std::exchange(message, Forward{incarnation_, ++forward_message_, {}}));
      bytes = 0;
    }
    bytes += request.command.size();
    Forwarded forwarded{request.id, clock() + config_.forward_timeout, {}};
    if (plants_.has(Bug::kR23)) forwarded.command = request.command;
    forwards_.emplace(++forward_number_, std::move(forwarded));
    message.items.push_back({RequestId{incarnation_ + forward_number_}, std::move(request.command)});
  }
  send(leader_, std::move(message));
}

void Core::propose(Origin origin, const Bytes& command) {
  // Thesis 3.10: while handing over, nothing new is taken, so that the successor can catch up.
  if (lead_->transfer) return refuse(origin, RefusalCode::kNoLeader);
  // Back-pressure. A single command larger than the limit still goes through alone.
  if (proposed_bytes_ > 0 && proposed_bytes_ + command.size() > config_.uncommitted_bytes_max) {
    return refuse(origin, RefusalCode::kOverloaded);
  }
  append_own(EntryKind::kCommand, command);
  proposals_.push_back({log_.last_index(), command.size(), origin});
  proposed_bytes_ += command.size();
}

// --- Answers ---------------------------------------------------------------------------------------------

void Core::refuse(const Origin& origin, RefusalCode code) {
  if (origin.node == config_.self) {
    out_.refusals.push_back({origin.id, code, other_leader(), Ticket{}});
  } else {
    replies_[origin.node].push_back({origin.id, code, {}});
  }
}

NodeId Core::other_leader() const {
  return leader_ == config_.self ? kNoNode : leader_;
}

void Core::refuse_all(std::vector<Request>& requests, RefusalCode code) {
  for (const Request& request : requests) refuse({config_.self, request.id}, code);
  requests.clear();
}

void Core::reply(const Origin& origin, Bytes reply) {
  if (origin.node != config_.self)
    replies_[origin.node].push_back({origin.id, std::nullopt, std::move(reply)});
}

void Core::flush_replies() {
  for (auto& [node, items] : std::exchange(replies_, {})) {
    ForwardReplies message{other_leader(), {}};
    std::uint64_t bytes = 0;
    for (ForwardReplies::Item& item : items) {
      if (!message.items.empty() && bytes + item.reply.size() > config_.append_bytes_max) {
        send(node, std::exchange(message, ForwardReplies{other_leader(), {}}));
        bytes = 0;
      }
      bytes += item.reply.size();
      message.items.push_back(std::move(item));
    }
    if (!message.items.empty()) send(node, std::move(message));
  }
}

void Core::abandon_proposals() {
  // What is committed will still be executed and answered. The rest may or may not be: nobody knows.
  const auto lost = std::find_if(proposals_.begin(), proposals_.end(),
                                 [this](const Proposal& proposal) { return proposal.index > commit_; });
  for (auto proposal = lost; proposal != proposals_.end(); ++proposal) {
    proposed_bytes_ -= proposal->bytes;
    // PLANT R19: the entry still has the term it was given, so it must have gone well.
    if (plants_.has(Bug::kR19) && log_.matches(proposal->index, term_)) {
      answer_from_log(*proposal);
    } else {
      refuse(proposal->origin, RefusalCode::kLeadershipLost);
    }
  }
  proposals_.erase(lost, proposals_.end());
}

void Core::answer_from_log(const Proposal& proposal) {
  const Status read = log_.visit(proposal.index, proposal.index, [&](const Entry& entry) {
    out_.answers.push_back({proposal.origin, entry.data});
    return true;
  });
  static_cast<void>(survives(read));  // Ignored here: finish() sees failed_.
}

// --- Forwarding: the follower's side ---------------------------------------------------------------------

void Core::abandon_forwards() {
  // The leader of the term in which they were passed on may have taken them into its log.
  for (const auto& [number, forwarded] : std::exchange(forwards_, {})) {
    refuse({config_.self, forwarded.id}, RefusalCode::kTimeout);
  }
  for (auto& [number, asked] : std::exchange(asked_, {})) refuse_all(asked.reads, RefusalCode::kNoLeader);
}

void Core::expire_requests() {
  while (!forwards_.empty() && forwards_.begin()->second.deadline <= clock()) {
    refuse({config_.self, forwards_.begin()->second.id}, RefusalCode::kTimeout);
    forwards_.erase(forwards_.begin());
  }
  while (!asked_.empty() && asked_.begin()->second.deadline <= clock()) {
    refuse_all(asked_.begin()->second.reads, RefusalCode::kTimeout);
    asked_.erase(asked_.begin());
  }
  std::erase_if(ready_reads_, [this](const ReadyRead& ready) {
    if (ready.deadline > clock()) return false;
    refuse({config_.self, ready.request.id}, RefusalCode::kTimeout);
    return true;
  });
}

void Core::handle(NodeId /*from*/, Term /*term*/, ForwardReplies& m) {
  for (ForwardReplies::Item& item : m.items) {
    const auto forwarded = forwards_.find(item.id.value() - incarnation_);
    if (forwarded == forwards_.end()) continue;  // Answered before, or timed out.
    const RequestId id = forwarded->second.id;
    // PLANT R23: when it was executed it is passed on once more.
    if (plants_.has(Bug::kR23) && !item.refused) forward_again(item.id, forwarded->second.command);
    forwards_.erase(forwarded);
    if (item.refused) {
      out_.refusals.push_back({id, *item.refused, m.leader, Ticket{}});
    } else {
      out_.forwarded_replies.push_back({id, std::move(item.reply)});
    }
  }
}

void Core::forward_again(RequestId id, const Bytes& command) {
  if (leader_ == kNoNode || lead_) return;
  send(leader_, Forward{incarnation_, ++forward_message_, {{id, command}}});
}

// --- Forwarding: the leader's side -----------------------------------------------------------------------

void Core::handle(NodeId from, Term term, Forward& m) {
  // Taken at most once, however often the network brings it: 1. only the leader of the very term for which it
  // was meant, in the very process that won it, takes it; 2. within that term messages are told apart by
  // their number. Silence is the only safe answer to a repetition: a refusal would say that nothing happened.
  if (term != seen_forwards_.term) return;
  const auto sender = std::pair(from, m.incarnation);
  if (seen_forwards_.windows.size() >= kForwardSendersMax && !seen_forwards_.windows.contains(sender)) return;
  if (!seen_forwards_.windows[sender].admit(m.number)) return;
  for (const Forward::Item& item : m.items) {
    if (lead_) {
      propose({from, item.id}, item.command);
    } else {
      refuse({from, item.id}, RefusalCode::kNotLeader);
    }
  }
}

}  // namespace ordeal::raft
