#pragma once
// The environment port: what a run may do to a cluster, as messages. The run loop emits requests and later
// receives results; nothing waits, so an open-loop load keeps its schedule while faults are applied.
// Implemented by the simulator in virtual time, and through the agents by local, Docker and Kubernetes.

#include "common/ids.h"
#include "common/time.h"
#include "common/value.h"

#include <cstdint>
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
/// The machine under the node loses power: what it had not synced is gone. Removing the fault starts it
/// again.
struct PowerFault {
  std::vector<NodeId> nodes;
};
/// The nodes' clocks go wrong: the wall clock by a jump, both by their rate. Removing the fault jumps back
/// and restores the rate; what the monotonic clock gained or lost stays.
struct ClockFault {
  std::vector<NodeId> nodes;
  Duration wall_jump;
  std::int64_t rate_ppm = 0;  ///< parts per million too fast; -1,000,000: the clocks stand still
};
/// Packets on these links are late, lost, doubled, overtake each other, share a narrow line, or are stuck
/// until the fault is removed and then arrive all at once.
struct PacketFault {
  std::vector<Cut> links;
  Duration delay;
  Duration jitter;
  std::uint32_t loss = 0;        ///< percent
  std::uint32_t duplicates = 0;  ///< percent
  bool overtaking = false;
  std::uint64_t bytes_per_second = 0;  ///< 0: as wide as usual
  bool clogged = false;
};
/// The nodes' disks are slow, full, fail the next sync (which ends the node; removing the fault starts it),
/// call durable what a power loss takes, or cannot read a record of the log (a node that needs it ends, and
/// does not start before the fault is removed).
struct DiskFault {
  std::vector<NodeId> nodes;
  Duration delay;  ///< of a sync, at most
  bool full = false;
  bool failing_sync = false;
  bool lies = false;
  bool unreadable = false;
};
/// The leader, whoever that is, is asked to hand over to `target`. Nothing to remove.
struct TransferFault {
  NodeId target;
};
/// The leader is asked for these members. Removing the fault asks for all nodes as voters.
struct MembersFault {
  std::vector<NodeId> voters;
  std::vector<NodeId> learners;
  std::vector<NodeId> removed = {};  ///< the other nodes, for those who read the history
};
using FaultSpec = std::variant<PartitionFault, KillFault, PauseFault, PowerFault, ClockFault, PacketFault,
                               DiskFault, TransferFault, MembersFault>;

/// "partition", "kill", "pause", "power", "clock", "packets", "disk", "transfer", "members".
[[nodiscard]] std::string_view fault_kind(const FaultSpec& spec);
/// Those that the fault takes down for as long as it is in force: killed, without power, paused.
[[nodiscard]] std::vector<NodeId> nodes_down(const FaultSpec& spec);
/// For the history: {kind, cuts: [["n1" "n2"] ...]} or {kind, nodes: ["n1" ...]}, and the figures that are
/// not zero; of members the shape, too, with the nodes removed or demoted.
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
  kDeclined,     ///< asked of the cluster itself, which did not do it, as it may: that is nobody's failure
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
