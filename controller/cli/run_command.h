#pragma once
// `ordeal run`: a plan on a cluster of real processes, from the flags to the report.

#include "controller/cli/plan_options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::cli {

struct RunCommandOptions {
  PlanOptions plan;
  std::string environment = "local";
  std::string store = "store";
  std::uint32_t test_count = 1;
  double check_seconds = 120;
  std::vector<std::string> argv;  ///< as typed, for run.json
};

void add_run_options(CLI::App& command, RunCommandOptions& options);
/// Runs `test_count` times, with seed, seed + 1, ...; prints each verdict and the path of its report. Returns
/// the exit code that outranks the others.
[[nodiscard]] int run_command(const RunCommandOptions& options);

}  // namespace ordeal::cli
