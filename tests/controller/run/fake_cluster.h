#pragma once
// A cluster for tests of the run loop, in virtual time: an in-memory key-value store that answers calls after
// a delay, nodes that can be dead or silent, and an environment that does what it is told. `drive` runs a
// whole run in milliseconds.

#include "common/history.h"
#include "controller/run/run_loop.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::testing {

/// What goes wrong, for the test to set.
struct Script {
  Duration latency_min = milliseconds(1);
  Duration latency_max = milliseconds(4);
  Duration fault_latency = milliseconds(300);
  bool has_leader = true;
  std::optional<Duration> silent_from;  ///< calls from then on are swallowed
  std::uint32_t lose_of_1000 = 0;       ///< calls whose answer is lost after they took effect
  std::uint32_t refuse_of_1000 = 0;     ///< calls that are refused before a byte leaves
  std::uint32_t stale_of_1000 = 0;      ///< reads that are answered with the key's first value
  std::function<EnvironmentOutcome(const EnvironmentRequest&)> outcome;  ///< null: verified, all of them
  bool environment_answers = true;
  std::map<std::int64_t, std::vector<RunInput>> at_ms;  ///< told to the run loop at these times
};

struct Ran {
  History history;
  std::vector<std::string> notes;
  std::vector<EnvironmentRequest> environment;
  RunSummary summary;
  Finding finding;  ///< of the workload's checker
  std::uint64_t steps = 0;
  std::uint64_t calls = 0;
  std::size_t open_calls_max = 0;
  Duration took;  ///< virtual
};

/// Runs the plan to its end. Fails the test when the run does not finish within ten virtual minutes.
Ran drive(const Plan& plan, std::uint64_t seed, const Script& script = {});

/// A plan of a few virtual seconds without faults.
Plan short_plan();

}  // namespace ordeal::testing
