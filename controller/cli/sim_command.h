#pragma once
// `ordeal sim`: one seed with everything it shows, or a hunt over many.

#include "controller/cli/plan_options.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::cli {

struct SimCommandOptions {
  PlanOptions plan;
  std::string seeds;            ///< "1..1000"; empty: one seed
  std::uint32_t jobs = 0;       ///< threads; 0: one for each core
  double budget_seconds = 0;    ///< of a hunt; 0: no limit
  bool keep_going = false;      ///< a hunt goes on after a failing seed
  bool quiet = false;           ///< only what is found, at the end
  std::uint32_t campaigns = 0;  ///< hunts of their own, to say how long a bug takes to be found
  std::string store = "store";  ///< of single seeds, and of the first that fails in a hunt
  bool no_store = false;
  std::vector<std::string> argv;
  std::string shrink;  ///< where the shrunk plan of a failing seed goes; empty: not shrunk
};

void add_sim_options(CLI::App& command, SimCommandOptions& options);
/// Returns the exit code: 1 when a seed failed.
[[nodiscard]] int sim_command(const SimCommandOptions& options);

}  // namespace ordeal::cli
