#pragma once
// The desired set of faults with their deadlines, and what the mechanisms must do to get from what is in
// force to what is desired. Pure: time is an argument, effects are returned. The service carries the actions
// out.
//
// Faults compose: a peer is dropped while any partition names it; the replica is dead while any kill is
// there, else stopped while any pause is there, else it runs. So removing one of two faults changes nothing
// that the other wants.

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::agent {

enum class FaultKind : std::uint8_t { kPartition, kKill, kPause };

/// "partition", "kill", "pause".
[[nodiscard]] std::string_view to_text(FaultKind kind);
[[nodiscard]] std::optional<FaultKind> parse_fault_kind(std::string_view text);

/// What a fault is. The lease is not part of it: the same fault with another lease is a renewal.
struct FaultBody {
  FaultKind kind = FaultKind::kPartition;
  std::set<NodeId> drop_from;  ///< partition only

  friend bool operator==(const FaultBody&, const FaultBody&) = default;
};

/// One packet filter rule: packets from a peer, on account of a fault, until the fault's deadline.
struct DropRule {
  NodeId from;
  std::string fault;
  MonotonicTime deadline;

  friend auto operator<=>(const DropRule&, const DropRule&) = default;
};

enum class ReplicaTarget : std::uint8_t { kRunning, kStopped, kDead };

/// What the mechanisms are to bring about.
struct Target {
  std::vector<DropRule> drops;  ///< by peer, then fault
  ReplicaTarget replica = ReplicaTarget::kRunning;
  /// When the replica is to run again at the latest: the last deadline of kills and pauses.
  MonotonicTime replica_deadline;

  friend bool operator==(const Target&, const Target&) = default;
};

enum class Action : std::uint8_t {
  kWriteFilter,
  kKillReplica,
  kStopReplica,
  kContinueReplica,
  kStartReplica
};

class Reconciler {
 public:
  struct Entry {
    FaultBody body;
    MonotonicTime deadline;
  };
  enum class Change : std::uint8_t { kNew, kReplaced, kRenewed };

  /// Idempotent. kUnavailable: a pause while another fault keeps the replica dead; nothing is changed.
  [[nodiscard]] Result<Change> put(const std::string& fault, const FaultBody& body, MonotonicTime deadline);
  /// False when it is not there.
  bool remove(const std::string& fault);
  void clear() { faults_.clear(); }
  /// Gives every fault this deadline.
  void renew(MonotonicTime deadline);
  /// Removes the faults whose deadline has come and gives their names.
  std::vector<std::string> expire(MonotonicTime now);

  [[nodiscard]] const std::map<std::string, Entry>& faults() const { return faults_; }
  [[nodiscard]] std::optional<MonotonicTime> next_deadline() const;
  [[nodiscard]] Target target() const;

 private:
  std::map<std::string, Entry> faults_;
};

/// From what is in force to what is wanted, in order: the replica is let go before it is struck again. No
/// filter in `in_force` (none known) always writes it. Deadlines of the replica need no action: the guardian
/// holds them.
[[nodiscard]] std::vector<Action> plan_actions(const std::optional<std::vector<DropRule>>& drops_in_force,
                                               ReplicaTarget replica_in_force, const Target& wanted);

}  // namespace ordeal::agent
