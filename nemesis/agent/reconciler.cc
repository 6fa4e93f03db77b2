#include "nemesis/agent/reconciler.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::agent {

std::string_view to_text(FaultKind kind) {
  switch (kind) {
    case FaultKind::kPartition:
      return "partition";
    case FaultKind::kKill:
      return "kill";
    case FaultKind::kPause:
      return "pause";
  }
  check_failed("a fault kind", __FILE__, __LINE__);
}

std::optional<FaultKind> parse_fault_kind(std::string_view text) {
  for (const FaultKind kind : {FaultKind::kPartition, FaultKind::kKill, FaultKind::kPause}) {
    if (text == to_text(kind)) return kind;
  }
  return std::nullopt;
}

Result<Reconciler::Change> Reconciler::put(const std::string& fault, const FaultBody& body,
                                           MonotonicTime deadline) {
  if (body.kind == FaultKind::kPause) {
    const auto killer = std::find_if(faults_.begin(), faults_.end(), [&](const auto& entry) {
      return entry.first != fault && entry.second.body.kind == FaultKind::kKill;
    });
    if (killer != faults_.end())
      return Error{
          ErrorCode::kUnavailable,
          fmt::format("the replica is dead on account of fault {}; remove that first", killer->first)};
  }
  const auto found = faults_.find(fault);
  const Change change = found == faults_.end()       ? Change::kNew
                        : found->second.body == body ? Change::kRenewed
                                                     : Change::kReplaced;
  faults_.insert_or_assign(fault, Entry{body, deadline});
  return change;
}

bool Reconciler::remove(const std::string& fault) {
  return faults_.erase(fault) > 0;
}

void Reconciler::renew(MonotonicTime deadline) {
  for (auto& [name, entry] : faults_) entry.deadline = deadline;
}

std::vector<std::string> Reconciler::expire(MonotonicTime now) {
  std::vector<std::string> expired;
  for (const auto& [name, entry] : faults_) {
    if (entry.deadline <= now) expired.push_back(name);
  }
  for (const std::string& name : expired) faults_.erase(name);
  return expired;
}

std::optional<MonotonicTime> Reconciler::next_deadline() const {
  std::optional<MonotonicTime> next;
  for (const auto& [name, entry] : faults_) next = std::min(next.value_or(entry.deadline), entry.deadline);
  return next;
}

Target Reconciler::target() const {
  Target target;
  for (const auto& [name, entry] : faults_) {
    for (const NodeId peer : entry.body.drop_from) target.drops.push_back({peer, name, entry.deadline});
    if (entry.body.kind == FaultKind::kPartition) continue;
    if (entry.body.kind == FaultKind::kKill) target.replica = ReplicaTarget::kDead;
    if (target.replica == ReplicaTarget::kRunning) target.replica = ReplicaTarget::kStopped;
    target.replica_deadline = std::max(target.replica_deadline, entry.deadline);
  }
  std::sort(target.drops.begin(), target.drops.end());
  return target;
}

std::vector<Action> plan_actions(const std::optional<std::vector<DropRule>>& drops_in_force,
                                 ReplicaTarget replica_in_force, const Target& wanted) {
  std::vector<Action> actions;
  const bool replica_changes = replica_in_force != wanted.replica;
  if (replica_changes && replica_in_force == ReplicaTarget::kDead) actions.push_back(Action::kStartReplica);
  if (replica_changes && wanted.replica == ReplicaTarget::kRunning &&
      replica_in_force == ReplicaTarget::kStopped)
    actions.push_back(Action::kContinueReplica);
  if (drops_in_force != wanted.drops) actions.push_back(Action::kWriteFilter);
  if (replica_changes && wanted.replica == ReplicaTarget::kStopped) actions.push_back(Action::kStopReplica);
  if (replica_changes && wanted.replica == ReplicaTarget::kDead) actions.push_back(Action::kKillReplica);
  return actions;
}

}  // namespace ordeal::agent
