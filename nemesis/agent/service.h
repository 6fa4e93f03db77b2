#pragma once
// The agent itself: takes requests, asks the reconciler what is to be done, has the mechanisms do it, and
// keeps the guardian's list true. Runs on one thread; requests wait for each other.
//
// Order of every strike: (1) the undo file and the guardian learn of it, (2) the mechanism acts and reads
// back, (3) the answer goes out. Order of every heal: (1) the mechanism acts and reads back, (2) the guardian
// forgets it.

#include "nemesis/agent/guardian.h"
#include "nemesis/agent/metrics.h"
#include "nemesis/agent/packet_filter.h"
#include "nemesis/agent/reconciler.h"
#include "nemesis/agent/replica.h"
#include "nemesis/agent/undo_file.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::agent {

enum class FaultState : std::uint8_t { kInForce, kAbsent, kFailed };
/// "in-force", "absent", "failed".
[[nodiscard]] std::string_view to_text(FaultState state);

/// The answer to a PUT or DELETE.
struct FaultAnswer {
  std::string fault;
  std::optional<FaultKind> kind;  ///< none: there was no such fault
  FaultState state = FaultState::kAbsent;
  MonotonicTime asked;
  MonotonicTime done;
};

/// One fault as desired and as observed.
struct FaultView {
  FaultAnswer answer;
  std::string reason;  ///< why it is not in force, when failed
  std::set<NodeId> drop_from;
  Duration expires_in;
  std::map<NodeId, std::map<Family, std::uint64_t>> dropped;
};

class Service {
 public:
  Service(PacketFilter filter, Replica replica, Guardian guardian, UndoFile undo_file, Metrics& metrics);

  /// Undoes what an agent before us has left: only what carries our name. Call once, first.
  [[nodiscard]] Status recover();

  /// On failure nothing of it is in force: the set of faults is as it was before.
  [[nodiscard]] Result<FaultAnswer> put(const std::string& fault, const FaultBody& body, Duration lease);
  /// On failure the fault is no longer desired, and tick() tries again.
  [[nodiscard]] Result<FaultAnswer> remove(const std::string& fault);
  /// As remove, for all. Gives the answers for those that were there.
  [[nodiscard]] Result<std::vector<FaultAnswer>> remove_all();
  /// Without a guardian nothing is renewed: all faults are removed, and the error says so.
  [[nodiscard]] Status renew(Duration lease);
  [[nodiscard]] Result<std::vector<FaultView>> list();
  [[nodiscard]] Result<ReplicaObservation> observe_replica() const { return replica_.observe(); }

  /// Lets expired faults go and retries heals that failed.
  void tick();
  /// When tick() has something to do next; none: not before another request.
  [[nodiscard]] std::optional<MonotonicTime> next_tick() const;

 private:
  [[nodiscard]] Status reconcile();
  [[nodiscard]] Status carry_out(Action action, const Target& wanted);
  [[nodiscard]] Status write_filter(const Target& wanted);
  [[nodiscard]] Status stop_replica(const Target& wanted);
  [[nodiscard]] Status kill_replica(const Target& wanted);
  void set_deadlines(const Target& wanted);
  /// Tells the undo file and the guardian.
  [[nodiscard]] Status arm();
  [[nodiscard]] bool is_settled() const;
  [[nodiscard]] FaultView view(const std::string& fault, const Reconciler::Entry& entry,
                               const FilterObservation& observed,
                               const Result<ReplicaObservation>& replica) const;
  /// Why the fault is not seen in force.
  [[nodiscard]] Status verify(const std::string& fault, const Reconciler::Entry& entry,
                              const FilterObservation& observed,
                              const Result<ReplicaObservation>& replica) const;

  PacketFilter filter_;
  Replica replica_;
  Guardian guardian_;
  UndoFile undo_file_;
  Metrics& metrics_;

  Reconciler reconciler_;
  std::map<std::string, FaultAnswer> answers_;  ///< of the faults in reconciler_

  // What is in force. A filter of which nothing is known is rewritten at the next occasion.
  std::optional<std::vector<DropRule>> drops_in_force_ = std::vector<DropRule>{};
  ReplicaTarget replica_in_force_ = ReplicaTarget::kRunning;
  UndoList undo_;
  std::optional<MonotonicTime> retry_at_;
};

}  // namespace ordeal::agent
