#pragma once
// What happens to nodes and a fault may wait for: "when a leader is elected", "before this follower's fsync".
// The environment tells the run loop of each (RunInput): the simulator at that very moment, real machines for
// those kinds that a node's status shows, as soon as it was read.

#include "common/ids.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ordeal {

enum class NodeEventKind : std::uint8_t {
  kLeaderElected,
  kLeaderSteppedDown,
  kElectionStarted,
  kVoteGranted,  ///< to another node; it is on its way to the disk
  kTermChanged,
  kEntryAppended,   ///< the log grew; it is on its way to the disk
  kEntryCommitted,  ///< the node's commit index grew
  kLogCut,          ///< entries that the leader does not have
  kLogCompacted,
  kSnapshotStarted,  ///< a leader begins to send it
  kSnapshotInstalled,
  kMembersChanged,  ///< a leader has other members in its log; a change by joint consensus has two of these
  kTransferStarted,
  kNodeStarted,  ///< again
  kBeforeSync,   ///< all was handed to the disk, nothing of it is sure
  kAfterSync,    ///< it is sure, and the messages that waited for it are on their way
};

struct NodeEventTraits {
  NodeEventKind kind;
  std::string_view name;        ///< in plans: "leader-elected"
  std::string_view core_event;  ///< what a core calls it (Event::name); empty: seen in other ways
  bool any_role = false;        ///< nodes of every role have it; else the kind says whose it is
  bool on_real_nodes = false;   ///< their status shows it
};

[[nodiscard]] std::span<const NodeEventTraits> node_event_kinds();
[[nodiscard]] const NodeEventTraits& traits(NodeEventKind kind);
/// By the name in plans; none: there is no such kind.
[[nodiscard]] std::optional<NodeEventKind> find_node_event(std::string_view name);
/// By what a core calls it; none: nobody can wait for that.
[[nodiscard]] std::optional<NodeEventKind> find_core_event(std::string_view core_event);

struct NodeEvent {
  NodeId node;
  NodeEventKind kind = NodeEventKind::kLeaderElected;
  std::string role = {};  ///< of the node then, as in its status: leader, follower, candidate, learner

  friend bool operator==(const NodeEvent&, const NodeEvent&) = default;
};

}  // namespace ordeal
