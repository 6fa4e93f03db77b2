#pragma once
// `ordeal sim`: one seed with everything it shows, or a hunt over many.

#include "controller/cli/plan_options.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::cli {

struct SimCommandOptions {
  PlanOptions plan;
  // What was not given is none: flags that mean nothing beside others are refused (sim_flags.h).
  std::optional<std::string> seeds;      ///< "1..1000"; none: one seed
  std::optional<std::uint32_t> jobs;     ///< threads of a hunt; none or 0: one for each core
  std::optional<double> budget_seconds;  ///< of a hunt, of a campaign in processor time; none or 0: no limit
  bool keep_going = false;               ///< a hunt goes on after a failing seed
  bool quiet = false;                    ///< only what is found, at the end
  std::optional<std::uint32_t> campaigns;  ///< hunts of their own, to say how long a bug takes to be found
  std::optional<std::string> store;        ///< of single seeds, and of the first that fails; none: "store"
  bool no_store = false;
  std::vector<std::string> argv;
  bool for_real_nodes = false;        ///< what fails is to fail on real nodes too
  std::optional<std::string> shrink;  ///< where the shrunk plan of a failing seed goes; none: not shrunk
  std::optional<std::string> hashes;  ///< of a hunt: where a line for each seed goes; none: nowhere
};

void add_sim_options(CLI::App& command, SimCommandOptions& options);
/// Returns the exit code: 1 when a seed failed.
[[nodiscard]] int sim_command(const SimCommandOptions& options);

}  // namespace ordeal::cli
