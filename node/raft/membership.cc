// Membership by joint consensus (Raft 6, thesis 4.3), learners first (thesis 4.2.1).
//
// A change goes through up to three entries: new voters are added as learners and catch up; C-old,new; C-new.
// Only the waiting in between is kept by the leader alone: when it falls before C-old,new, the change is off
// and the learners stay; afterwards any leader completes it.

#include "node/raft/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace ordeal::raft {

namespace {
/// Rounds in which a learner may try to catch up (thesis 4.2.1), and election timeouts that one may last.
constexpr int kRoundsMax = 10;
constexpr std::int64_t kRoundPatience = 10;

bool differ_by_one(const std::vector<NodeId>& a, const std::vector<NodeId>& b) {
  std::vector<NodeId> different;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(different));
  return different.size() == 1;
}
}  // namespace

Result<Output> Core::change(Now now, Rng& rng, std::vector<NodeId> voters, std::vector<NodeId> learners) {
  if (!lead_) return not_leading();
  Configuration target = normalized({std::move(voters), {}, std::move(learners)});
  if (const auto fault = find_fault(target)) return Error{ErrorCode::kInvalidArgument, *fault};
  // One change at a time, and not before this leader knows that the last one is committed.
  if (lead_->change || members().joint() || log_.configuration_index() > commit_) {
    return Error{ErrorCode::kUnavailable, "a membership change is under way; try again when it is done"};
  }
  // Until then the change of an earlier leader may be in force somewhere, unknown here.
  // PLANT R14: it does not wait for an entry of its own term.
  const bool settled = commit_ >= lead_->first_own || plants_.has(Bug::kR14);
  if (lead_->transfer || !settled) {
    return Error{ErrorCode::kUnavailable, "leadership is just changing; try again"};
  }
  begin(now, rng);
  if (target == members()) return finish();
  Change change{target, {}};
  Configuration with_learners = members();
  for (const NodeId node : target.voters) {
    if (members().is_voter(node)) continue;
    change.joining.emplace(node, CatchUp{.goal = log_.last_index(), .started = clock()});
    with_learners.learners.push_back(node);
  }
  with_learners = normalized(std::move(with_learners));
  if (with_learners != members()) propose_configuration(with_learners);
  lead_->change = std::move(change);
  return finish();
}

void Core::advance_membership() {
  if (log_.configuration_index() > commit_) return;
  if (members().joint()) return propose_configuration(members().final_half());
  if (lead_->change) advance_catch_up();
}

void Core::advance_catch_up() {
  Change& change = *lead_->change;
  bool all_done = true;
  for (auto& [node, catch_up] : change.joining) {
    const Progress* peer = find_peer(node);
    if (!catch_up.done && peer != nullptr && peer->match() >= catch_up.goal) {
      // Thesis 4.2.1: when a round was shorter than an election timeout, what is still missing is little
      // enough.
      ++catch_up.rounds;
      catch_up.done = clock() - catch_up.started < config_.election_timeout;
      catch_up.goal = log_.last_index();
      catch_up.started = clock();
    }
    const bool too_slow = clock() - catch_up.started > config_.election_timeout * kRoundPatience;
    if (!catch_up.done && (catch_up.rounds >= kRoundsMax || too_slow)) {
      event("membership-abandoned", fmt::format("{} does not catch up; it stays a learner", node_name(node)));
      lead_->change.reset();
      return;
    }
    all_done = all_done && catch_up.done;
  }
  if (!all_done) return;
  Configuration next = change.target;
  // PLANT R14, continued: a change by one voter is made in one step, as in thesis 4.1, which this core
  // otherwise does not follow.
  const bool in_one_step = plants_.has(Bug::kR14) && differ_by_one(next.voters, members().voters);
  if (next.voters != members().voters && !in_one_step) next.outgoing = members().voters;
  lead_->change.reset();
  propose_configuration(next);
}

void Core::propose_configuration(const Configuration& configuration) {
  append_own(EntryKind::kConfiguration, encode(configuration));
  event("membership", fmt::format("entry {}: {}", log_.last_index(), to_text(configuration)));
  // Raft 6: in force as soon as it is in the log.
  sync_peers(log_.last_index());
}

void Core::leave_if_removed() {
  if (!lead_ || log_.configuration_index() > commit_ || members().joint()) return;
  if (members().is_voter(config_.self)) return;
  // Raft 6: a leader that is not in C-new goes when C-new is committed. It names a successor rather than let
  // the others wait for a timeout (thesis 3.10).
  if (const NodeId successor = best_successor(); successor != kNoNode) send(successor, TimeoutNow{});
  stop_leading("it is no longer a voter");
}

}  // namespace ordeal::raft
