#pragma once
// One run in the simulator, from plan and seed to verdict: the run loop, workload, clients and checkers of a
// real campaign on a World, in virtual time.

#include "checkers/checker.h"
#include "common/history.h"
#include "common/result.h"
#include "controller/run/plan.h"
#include "controller/run/run_loop.h"
#include "sim/world.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::sim {

enum class Outcome : std::uint8_t {
  kGood,
  kInvariant,  ///< broken after some event; the run stopped there
  kHistory,    ///< a checker found the history invalid
  kLiveness,   ///< healed, and operations did not finish
  kNode,       ///< a node will not go on with what it finds in its own storage; the run stopped there
  kUnknown,    ///< a checker gave up within its budget
};
/// "good", "invariant", "history", "liveness", "node", "unknown".
[[nodiscard]] std::string_view to_text(Outcome outcome);

struct SimOptions {
  bool invariants = true;
  bool sound_messages = true;  ///< a message that a core drops as senseless is a violation
  bool liveness = true;
  Spectator* spectator = nullptr;
  std::function<void(NodeId, DiskStorage&)> before_start;  ///< as in WorldOptions
  std::uint64_t checker_steps_max = 2'000'000;             ///< per key
};

struct SimResult {
  std::uint64_t seed = 0;
  Outcome outcome = Outcome::kGood;
  std::string kind;  ///< which invariant, checker, "liveness" or "node-refused"; empty when good
  std::string why;   ///< in a sentence
  std::optional<MonotonicTime> broken_at;  ///< none: only the history shows it

  RunSummary summary;
  History history;
  std::vector<Finding>
      findings;     ///< also of a run that an invariant has stopped: whether clients could tell yet
  Duration length;  ///< virtual, without what liveness took
  std::uint64_t events = 0;
  std::uint64_t trace_hash = 0;
  std::vector<Mark> marks;  ///< situations that the run was in
  /// False also where elections cannot end in time: see Settings::can_be_live.
  bool liveness_checked = false;
  /// The plan went beyond what any protocol here promises to survive: how. A failure is then no bug.
  std::optional<std::string> beyond_promise;

  [[nodiscard]] bool bad() const { return outcome != Outcome::kGood && outcome != Outcome::kUnknown; }
  /// Operations of clients that ended ok.
  [[nodiscard]] std::uint64_t completed() const { return summary.progress.ok; }
  /// Long, busy and troubled enough to say something about the system.
  [[nodiscard]] bool counts() const;
};

/// kInvalidArgument: check_plan refuses the plan, or the node would.
[[nodiscard]] Result<SimResult> simulate(const Plan& plan, std::uint64_t seed, const SimOptions& options);

}  // namespace ordeal::sim
