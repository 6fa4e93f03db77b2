#pragma once
// Writes down what a run drew: its random faults as events, its operations as a script. With the run's seed a
// plan that has them instead does the same again, to the nanosecond; and they can be left out one by one.

#include "common/history.h"
#include "controller/run/plan.h"

#include <cstdint>
#include <vector>

namespace ordeal::sim {

/// When the load began in the history of a run of `plan` with `seed`. Zero: nothing happened in it.
[[nodiscard]] Duration load_start(const Plan& plan, std::uint64_t seed, const History& history);

enum class Targets : std::uint8_t {
  kAsDrawn,  ///< leader, one, ...
  kByName,   ///< the nodes that were struck, where a list of nodes says it
};
/// The plan's events and after them the random faults of the run, as events. Requires: plan.random_faults.
[[nodiscard]] std::vector<FaultEvent> write_out_faults(const Plan& plan, std::uint64_t seed,
                                                       const History& history, Targets targets);

/// The run's operations up to the plan's time limit. Their clients are numbered below clients_max.
[[nodiscard]] std::vector<ScriptedOp> write_out_operations(const Plan& plan, std::uint64_t seed,
                                                           const History& history);

}  // namespace ordeal::sim
