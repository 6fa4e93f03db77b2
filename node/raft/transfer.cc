// Handing leadership over (thesis 3.10).

#include "node/raft/core.h"

#include <fmt/format.h>

namespace ordeal::raft {

Error Core::not_leading() const {
  const std::string whom =
      leader_ == kNoNode ? "no leader is known; try again later" : "ask " + node_name(leader_);
  return Error{ErrorCode::kUnavailable, "this node does not lead; " + whom};
}

Result<Output> Core::transfer(Now now, Rng& rng, NodeId target) {
  if (!lead_) return not_leading();
  if (lead_->transfer) return Error{ErrorCode::kUnavailable, "a transfer is under way"};
  if (lead_->change || members().joint()) {
    return Error{ErrorCode::kUnavailable, "a membership change is under way; try again when it is done"};
  }
  if (target != kNoNode && (target == config_.self || !members().is_voter(target))) {
    return Error{ErrorCode::kInvalidArgument, node_name(target) + " is not another voter of this cluster"};
  }
  begin(now, rng);
  if (target == kNoNode) target = best_successor();
  if (target == kNoNode) {
    std::swap(first_events_, out_.events);
    return Error{ErrorCode::kUnavailable, "no other voter answers"};
  }
  lead_->transfer = Transfer{target, clock() + config_.election_timeout};
  event("transfer-started", fmt::format("{} hands over to {}", node_name(config_.self), node_name(target)));
  return finish();
}

NodeId Core::best_successor() const {
  NodeId best = kNoNode;
  LogIndex best_match;
  for (const auto& [node, peer] : lead_->peers) {
    if (!members().is_voter(node) || !recently_active(peer)) continue;
    if (best != kNoNode && peer.match() <= best_match) continue;
    best = node;
    best_match = peer.match();
  }
  return best;
}

void Core::advance_transfer() {
  if (!lead_ || !lead_->transfer || lead_->transfer->asked) return;
  const Progress* target = find_peer(lead_->transfer->target);
  if (target == nullptr) {
    lead_->transfer.reset();
    return;
  }
  if (target->match() != log_.last_index()) return;
  lead_->transfer->asked = true;
  lead_->lease_void = true;
  send(lead_->transfer->target, TimeoutNow{});
}

void Core::handle(NodeId from, Term /*term*/, TimeoutNow& /*m*/) {
  if (lead_ || from != leader_ || !may_campaign()) return;
  // No pre-vote: the leader itself wants this election.
  start_election(true);
}

}  // namespace ordeal::raft
