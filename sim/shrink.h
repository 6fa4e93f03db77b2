#pragma once
// Makes a failing run small: delta debugging (Zeller and Hildebrandt, TSE 2002) over faults, operations,
// clients, nodes, settings and the machines' quirks. What the run drew is written down first, so that what
// remains is a plan with explicit events and operations that fails in the same way when it is run again.
//
// Taking something away shifts the timing of the rest, so each candidate is tried with several seeds, and the
// seed that failed becomes the plan's.

#include "common/result.h"
#include "controller/run/plan.h"
#include "sim/simulation.h"

#include <cstdint>
#include <functional>
#include <string>

namespace ordeal::sim {

struct ShrinkOptions {
  std::uint32_t seeds_per_try = 12;
  std::uint32_t seeds_that_fail = 1;  ///< of these; the more, the less hangs on one schedule
  /// The plan is to fail on real nodes too: no fault, event or weather of the simulator's, and a failure that
  /// the history shows. Then what remains must not hang on one schedule (see seeds_that_fail), nor on faults
  /// in the very moment of an operation or of the final reads: in two of three tries they come later and end
  /// sooner.
  bool for_real_nodes = false;
  std::uint64_t runs_max = 20'000;
  /// Asked before every run; true: give back what there is.
  std::function<bool()> stop;
  /// Told after every run: "412 runs: 3 nodes, 9 faults, 31 operations".
  std::function<void(const std::string&)> progress;
};

struct Shrunk {
  Plan plan;  ///< with its seed
  Outcome outcome = Outcome::kGood;
  std::string kind;
  std::string why;
  std::uint64_t runs = 0;
  std::string no_events;  ///< why faults are still drawn at random; empty: all are events
  std::string no_script;  ///< why the operations were not written down one by one; empty: they were
  bool spent = false;     ///< runs or time were used up: more tries might make it smaller

  /// Those that are written down: see no_events and no_script.
  [[nodiscard]] std::size_t faults() const { return plan.fault_events.size(); }
  [[nodiscard]] std::size_t operations() const { return plan.workload.operations.size(); }
};

/// What remains and why it is not less, in lines.
[[nodiscard]] std::string describe(const Shrunk& shrunk);

/// Invariants and liveness are looked at in the simulator alone: for real nodes only the history counts.
[[nodiscard]] SimOptions judged_by(bool history_alone);

/// kNotFound: the plan does not fail with this seed, or not without what real nodes lack. kInvalidArgument:
/// as simulate.
[[nodiscard]] Result<Shrunk> shrink(const Plan& plan, std::uint64_t seed, const ShrinkOptions& options);

}  // namespace ordeal::sim
