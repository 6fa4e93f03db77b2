#pragma once
// The environment port: what a run may do to a cluster, as messages. The run loop emits requests and later
// receives results; nothing waits, so an open-loop load keeps its schedule while faults are applied.
// Implemented by the simulator in virtual time, and through the agents by local, Docker and Kubernetes.

#include "common/ids.h"
#include "common/time.h"
#include "common/value.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ordeal {

/// Packets from `from` to `to` are lost. A partition is a set of these; every shape is a generator of such a
/// set.
struct Cut {
  NodeId from;
  NodeId to;

  friend auto operator<=>(const Cut&, const Cut&) = default;
};

struct PartitionFault {
  std::vector<Cut> cuts;  ///< sorted, no duplicates, never from a node to itself
};
/// The node's process gets SIGKILL and stays down; removing the fault starts it again and waits until it
/// answers.
struct KillFault {
  std::vector<NodeId> nodes;
};
/// The node's process gets SIGSTOP; removing the fault sends SIGCONT.
struct PauseFault {
  std::vector<NodeId> nodes;
};
using FaultSpec = std::variant<PartitionFault, KillFault, PauseFault>;

/// "partition", "kill", "pause".
[[nodiscard]] std::string_view fault_kind(const FaultSpec& spec);
/// For the history: {kind, cuts: [["n1" "n2"] ...]} or {kind, nodes: ["n1" ...]}.
[[nodiscard]] Value to_value(const FaultSpec& spec);

/// Counted from 1 within a run.
using FaultId = StrongInt<struct FaultIdTag>;
using EnvironmentRequestId = StrongInt<struct EnvironmentRequestIdTag>;

/// Puts a fault in force and probes it. The environment keeps its lease renewed until it is removed.
struct ApplyFault {
  FaultId fault;
  FaultSpec spec;
};
/// Takes a fault away and probes that it is gone. Idempotent.
struct RemoveFault {
  FaultId fault;
};
/// Probes a fault that is in force, without changing it.
struct ProbeFault {
  FaultId fault;
};
/// Removes every fault and probes that each ordered pair of nodes can talk and every node answers.
struct HealAll {};

struct EnvironmentRequest {
  EnvironmentRequestId id;
  std::variant<ApplyFault, RemoveFault, ProbeFault, HealAll> verb;
};

enum class EnvironmentOutcome : std::uint8_t {
  kVerified,     ///< done, and the probe saw it: in force after apply and probe, gone after remove and heal
  kUnverified,   ///< asked for, but the probe did not see it, or saw something else
  kUnsupported,  ///< this environment cannot do it; nothing was done
  kFailed,       ///< the agent could not be reached or refused
};

struct EnvironmentResult {
  EnvironmentRequestId id;
  EnvironmentOutcome outcome = EnvironmentOutcome::kFailed;
  std::string reason;  ///< why not verified, in words that say what to do
  /// The fault began (or ended) not before `earliest` and not after `latest`, on the run's monotonic clock.
  MonotonicTime earliest;
  MonotonicTime latest;
  Value measured;  ///< what the probe saw: a matrix of ordered pairs, process states
};

/// What a node says of itself, polled while a run goes on; sent when it changes.
struct NodeObservation {
  NodeId node;
  bool reachable = false;
  std::string role;  ///< leader, follower, candidate, learner; empty when unknown
  Term term;
  NodeId leader;  ///< whom it takes for the leader; kNoNode when none
  LogIndex commit;
  LogIndex applied;

  friend bool operator==(const NodeObservation&, const NodeObservation&) = default;
};

}  // namespace ordeal
