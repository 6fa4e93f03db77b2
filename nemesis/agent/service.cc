#include "nemesis/agent/service.h"

#include "nemesis/agent/clock.h"

#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace ordeal::agent {
namespace {

constexpr Duration kRetry = seconds(1);

}  // namespace

std::string_view to_text(FaultState state) {
  switch (state) {
    case FaultState::kInForce:
      return "in-force";
    case FaultState::kAbsent:
      return "absent";
    case FaultState::kFailed:
      return "failed";
  }
  check_failed("a fault state", __FILE__, __LINE__);
}

Service::Service(PacketFilter filter, Replica replica, Guardian guardian, UndoFile undo_file,
                 Metrics& metrics)
    : filter_(std::move(filter)),
      replica_(std::move(replica)),
      guardian_(std::move(guardian)),
      undo_file_(std::move(undo_file)),
      metrics_(metrics) {}

Status Service::recover() {
  for (const Family family : filter_.families()) {
    if (Status removed = remove_chain(family); !removed) return removed;
  }
  auto left = undo_file_.load();
  if (!left) return left.error();
  if (!left->empty()) spdlog::warn("an agent before this one left a fault on the replica; undoing it");
  undo(*left, std::nullopt);
  if (!left->empty()) return Error{ErrorCode::kInternal, "could not undo what an agent before this one left"};
  return arm();
}

Result<FaultAnswer> Service::put(const std::string& fault, const FaultBody& body, Duration lease) {
  const MonotonicTime asked = monotonic_now();
  if (body.kind == FaultKind::kPartition && filter_.families().empty())
    return Error{ErrorCode::kUnsupported, "there is no packet filter here; GET /capabilities says why"};
  const Reconciler before = reconciler_;
  const auto change = reconciler_.put(fault, body, asked + lease);
  if (!change) return change.error();
  if (Status done = reconcile(); !done) {
    reconciler_ = before;
    Error error = done.error();
    if (Status undone = reconcile(); !undone) error.message += "; and undoing it: " + undone.error().message;
    metrics_.count_failure(to_text(body.kind));
    return error;
  }
  if (*change != Reconciler::Change::kRenewed) {
    answers_[fault] = {fault, body.kind, FaultState::kInForce, asked, monotonic_now()};
    metrics_.count_applied(to_text(body.kind));
    spdlog::info("fault {}: {} in force", fault, to_text(body.kind));
  }
  FaultAnswer answer = answers_.at(fault);
  answer.asked = asked;
  answer.done = monotonic_now();
  return answer;
}

Result<FaultAnswer> Service::remove(const std::string& fault) {
  FaultAnswer answer{fault, std::nullopt, FaultState::kAbsent, monotonic_now(), {}};
  const auto found = answers_.find(fault);
  if (found != answers_.end()) answer.kind = found->second.kind;
  if (reconciler_.remove(fault)) spdlog::info("fault {}: removed", fault);
  answers_.erase(fault);
  // Also when there was nothing: an earlier removal may have failed.
  if (Status done = reconcile(); !done) return done.error();
  answer.done = monotonic_now();
  return answer;
}

Result<std::vector<FaultAnswer>> Service::remove_all() {
  const MonotonicTime asked = monotonic_now();
  std::vector<FaultAnswer> gone;
  for (const auto& [fault, answer] : answers_)
    gone.push_back({fault, answer.kind, FaultState::kAbsent, asked, {}});
  reconciler_.clear();
  answers_.clear();
  if (Status done = reconcile(); !done) return done.error();
  for (FaultAnswer& answer : gone) answer.done = monotonic_now();
  if (!gone.empty()) spdlog::info("all {} faults removed", gone.size());
  return gone;
}

Status Service::renew(Duration lease) {
  reconciler_.renew(monotonic_now() + lease);
  Status done = reconcile();
  if (done || !guardian_.is_gone()) return done;
  spdlog::error("without its guardian no fault stays in force: all are withdrawn");
  if (const auto gone = remove_all(); !gone) return gone.error();
  return done;
}

Status Service::reconcile() {
  const Target wanted = reconciler_.target();
  set_deadlines(wanted);
  for (const Action action : plan_actions(drops_in_force_, replica_in_force_, wanted)) {
    if (Status done = carry_out(action, wanted); !done) {
      spdlog::error("{}", done.error().message);
      retry_at_ = monotonic_now() + kRetry;
      return done;
    }
  }
  retry_at_ = std::nullopt;
  metrics_.set_in_force(reconciler_.faults().size());
  Status armed = arm();
  // With nothing left to undo, a guardian that is gone is no loss.
  return armed || undo_.empty() ? Status() : armed;
}

Status Service::carry_out(Action action, const Target& wanted) {
  switch (action) {
    case Action::kWriteFilter:
      return write_filter(wanted);
    case Action::kStopReplica:
      return stop_replica(wanted);
    case Action::kKillReplica:
      return kill_replica(wanted);
    case Action::kContinueReplica:
      if (Status done = replica_.resume(undo_.paused); !done) return done;
      undo_.paused = {};
      break;
    case Action::kStartReplica:
      if (Status done = replica_.start(); !done) return done;
      undo_.supervisor = {};
      break;
  }
  replica_in_force_ = ReplicaTarget::kRunning;
  return {};
}

Status Service::write_filter(const Target& wanted) {
  undo_.filter = undo_.filter || !wanted.drops.empty();
  if (Status armed = arm(); !armed && !wanted.drops.empty()) return armed;
  drops_in_force_ = std::nullopt;
  if (Status written = filter_.write(wanted.drops, read_clocks()); !written) return written;
  drops_in_force_ = wanted.drops;
  undo_.filter = !wanted.drops.empty();
  return {};
}

Status Service::stop_replica(const Target& wanted) {
  const auto replica = replica_.find_replica();
  if (!replica) return replica.error();
  undo_.paused = *replica;
  undo_.paused_deadline = wanted.replica_deadline;
  if (Status armed = arm(); !armed) {
    undo_.paused = {};
    return armed;
  }
  // Even if not every thread stops in time, the signal was sent: it must be undone.
  replica_in_force_ = ReplicaTarget::kStopped;
  return replica_.stop(*replica);
}

Status Service::kill_replica(const Target& wanted) {
  const auto replica = replica_.find_replica();
  if (!replica) return replica.error();
  const auto supervisor = replica_.find_supervisor();
  if (!supervisor) return supervisor.error();
  undo_.supervisor = *supervisor;
  undo_.supervisor_deadline = wanted.replica_deadline;
  if (Status armed = arm(); !armed) {
    undo_.supervisor = {};
    return armed;
  }
  // As above.
  replica_in_force_ = ReplicaTarget::kDead;
  undo_.paused = {};
  return replica_.kill(*replica);
}

void Service::set_deadlines(const Target& wanted) {
  undo_.paused_deadline = undo_.supervisor_deadline = wanted.replica_deadline;
  if (wanted.drops.empty()) return;
  // Rules that the kernel lets go by themselves may wait for the last deadline; without that the first
  // counts.
  const auto by_deadline = [](const DropRule& a, const DropRule& b) { return a.deadline < b.deadline; };
  const auto [first, last] = std::minmax_element(wanted.drops.begin(), wanted.drops.end(), by_deadline);
  undo_.filter_deadline = filter_.kernel_expiry() ? last->deadline : first->deadline;
}

Status Service::arm() {
  if (Status saved = undo_file_.save(undo_); !saved) return saved;
  return guardian_.arm(undo_);
}

bool Service::is_settled() const {
  const Target wanted = reconciler_.target();
  return plan_actions(drops_in_force_, replica_in_force_, wanted).empty();
}

void Service::tick() {
  for (const std::string& fault : reconciler_.expire(monotonic_now())) {
    spdlog::warn("fault {}: its lease has run out", fault);
    metrics_.count_expired();
    answers_.erase(fault);
  }
  if (is_settled()) return;
  // Ignored: reconcile() has logged it and set the time of the next try.
  static_cast<void>(reconcile());
}

std::optional<MonotonicTime> Service::next_tick() const {
  const auto deadline = reconciler_.next_deadline();
  if (!retry_at_) return deadline;
  return std::min(deadline.value_or(*retry_at_), *retry_at_);
}

Result<std::vector<FaultView>> Service::list() {
  auto observed = filter_.observe();
  if (!observed) return observed.error();
  const auto replica = replica_.observe();
  std::vector<FaultView> views;
  for (const auto& [fault, entry] : reconciler_.faults())
    views.push_back(view(fault, entry, *observed, replica));
  metrics_.set_dropped(observed->dropped);
  return views;
}

FaultView Service::view(const std::string& fault, const Reconciler::Entry& entry,
                        const FilterObservation& observed, const Result<ReplicaObservation>& replica) const {
  FaultView view;
  view.answer = answers_.at(fault);
  view.drop_from = entry.body.drop_from;
  view.expires_in = entry.deadline - monotonic_now();
  for (const NodeId peer : entry.body.drop_from) {
    const auto counts = observed.dropped.find({fault, peer});
    if (counts != observed.dropped.end()) view.dropped[peer] = counts->second;
  }
  if (Status seen = verify(fault, entry, observed, replica); !seen) {
    view.answer.state = FaultState::kFailed;
    view.reason = seen.error().message;
  }
  return view;
}

Status Service::verify(const std::string& fault, const Reconciler::Entry& entry,
                       const FilterObservation& observed, const Result<ReplicaObservation>& replica) const {
  if (entry.body.kind == FaultKind::kPartition)
    return filter_.check(observed, fault, reconciler_.target().drops);
  if (!replica) return replica.error();
  if (entry.body.kind == FaultKind::kKill) {
    if (!replica->alive) return {};
    return Error{ErrorCode::kInternal,
                 fmt::format("the replica runs again, as process {}", replica->replica)};
  }
  if (replica->threads_stopped || replica_in_force_ == ReplicaTarget::kDead) return {};
  return Error{ErrorCode::kInternal, replica->alive ? "the replica is not stopped" : "the replica is gone"};
}

}  // namespace ordeal::agent
