#pragma once
// Carries faults out: takes what the schedule says is due, has its policy choose the nodes, asks the
// environment, records what was asked and what the probes saw, and takes each fault away when its time is up.
//
//   due -> waiting (nobody to strike yet) -> applying -> in force -> removing -> gone
//
// A fault is in force only after a probe saw it: its length counts from then. One that could not be verified
// is taken away again and counts as asked, not as verified.

#include "controller/run/recorder.h"
#include "controller/run/run_loop.h"
#include "nemesis/faults/schedule.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ordeal {

class FaultRunner {
 public:
  struct Counts {
    std::uint64_t asked = 0;
    std::uint64_t verified = 0;  ///< seen in force
    std::uint64_t healed = 0;    ///< of these, seen gone
    std::uint64_t skipped = 0;   ///< of those asked: could not be and never begun, or declined by the cluster
  };

  /// `recorder` is the run's and must outlive this.
  FaultRunner(Rng rng, Recorder& recorder) : rng_(rng), recorder_(recorder) {}

  /// From now on faults may be due. The schedule's times count from `load_start`.
  void begin(FaultSchedule schedule, MonotonicTime load_start);

  /// Everything that is due now. `cluster.down` is filled in here.
  void run_due(MonotonicTime now, const ClusterView& cluster, RunOutput& output);
  /// Faults may wait for this; they are due at the next `run_due`, or when their delay is over.
  void happened(const NodeEvent& event, MonotonicTime now);
  void result(const EnvironmentResult& result, MonotonicTime now, RunOutput& output);

  /// No more faults; those in force are removed now, those being applied as soon as they are.
  void stop(MonotonicTime now, RunOutput& output);
  /// Nothing is in force or on its way.
  [[nodiscard]] bool quiet() const { return active_.empty() && waiting_.empty(); }
  /// Asks for everything to be healed, a few times if need be. Requires: it was not called before.
  void heal_all(MonotonicTime now, RunOutput& output);
  /// Whether the probes saw everything healed; none as long as that is open.
  [[nodiscard]] std::optional<bool> heal_verified() const { return heal_verified_; }

  [[nodiscard]] std::optional<MonotonicTime> next_due() const;
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::vector<std::string> in_force() const;

 private:
  enum class Stage { kApplying, kInForce, kRemoving, kRemoveAgain };
  struct Active {
    DueFault due;
    FaultSpec spec;
    Value::Map value;  ///< for the history
    Stage stage = Stage::kApplying;
    EnvironmentRequestId request;  ///< that is open, when applying or removing
    MonotonicTime deadline;        ///< of the request; when in force the end; else when to remove again
    bool verified = false;
    int removals = 0;
  };
  struct Waiting {
    DueFault due;
    MonotonicTime again;
    MonotonicTime give_up;
  };

  void try_waiting(MonotonicTime now, const ClusterView& cluster, RunOutput& output);
  void apply(const DueFault& due, FaultSpec spec, MonotonicTime now, RunOutput& output);
  void remove(FaultId id, Active& fault, MonotonicTime now, RunOutput& output);
  void applied(FaultId id, Active& fault, const EnvironmentResult& result, MonotonicTime now,
               RunOutput& output);
  void removed(FaultId id, Active& fault, const EnvironmentResult& result, MonotonicTime now,
               RunOutput& output);
  void end(FaultId id, MonotonicTime now);
  void pass_deadlines(MonotonicTime now, RunOutput& output);
  void ask_for_heal(MonotonicTime now, RunOutput& output);
  void healed(const EnvironmentResult& result, MonotonicTime now, RunOutput& output);
  void record_skipped(const DueFault& due, std::string_view reason, MonotonicTime now, RunOutput& output);
  void record(std::string f, OpType type, Value::Map value, std::string error, MonotonicTime now,
              RunOutput& output);
  void record_result(const std::string& f, const Value::Map& value, const EnvironmentResult& result,
                     MonotonicTime now, RunOutput& output);
  [[nodiscard]] EnvironmentRequestId ask(decltype(EnvironmentRequest::verb) verb, RunOutput& output);
  /// `coming_up`: those whose fault is being taken away just now count as up.
  [[nodiscard]] std::vector<NodeId> down(bool coming_up) const;

  Rng rng_;
  Recorder& recorder_;
  std::optional<FaultSchedule> schedule_;
  MonotonicTime load_start_;
  std::map<FaultId, Active> active_;
  std::vector<Waiting> waiting_;
  bool stopped_ = false;
  EnvironmentRequestId last_request_;
  FaultId last_fault_;
  int heals_ = 0;
  EnvironmentRequestId heal_request_;           ///< of the last try
  std::optional<MonotonicTime> heal_deadline_;  ///< of the open request, or when to try again
  bool heal_open_ = false;                      ///< the last try waits for its answer
  std::optional<bool> heal_verified_;
  Counts counts_;
};

}  // namespace ordeal
