#pragma once
// A hunt: workers, one thread each, take the next seed until there is none, the time is up, or one failed.

#include "common/result.h"
#include "controller/cli/sim_command.h"
#include "sim/hunt.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::cli {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

/// The plan of a seed: the one that was given, or the swarm's.
[[nodiscard]] Plan plan_of(const SimCommandOptions& options, const Plan& given, std::uint64_t seed);

/// By which two builds, or two machines, can be seen to have run the same.
struct SeedTrace {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  sim::Outcome outcome = sim::Outcome::kGood;
};

struct HuntResult {
  sim::HuntTally tally;
  double seconds = 0;                      ///< that it took; of a campaign those of the processor
  std::optional<std::uint64_t> first_bad;  ///< the seed that failed first
  std::string first_kind;                  ///< "invariant election-safety"
  std::vector<SeedTrace> traces;           ///< of every seed that ran, ascending
  std::optional<Error> refused;            ///< the plan cannot be run, or the threads not be started
};

/// Ends early when the command is interrupted (interrupt.h).
[[nodiscard]] HuntResult run_hunt_over(const SimCommandOptions& options, const Plan& given, SeedRange seeds);

}  // namespace ordeal::cli
