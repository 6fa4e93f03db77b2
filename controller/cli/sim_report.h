#pragma once
// A simulated run in the store: plan, history, verdict and report, as a real run leaves them, and the diagram
// of its messages; of a failing run also the log of all that happened before it failed.

#include "controller/run/plan.h"
#include "sim/simulation.h"

#include <string>
#include <vector>

namespace ordeal::cli {

struct SimReportOptions {
  std::string store = "store";
  std::vector<std::string> argv;  ///< as typed
  bool for_real_nodes = false;    ///< judged by the history alone
};

struct StoredSim {
  sim::SimResult result;
  std::string report;  ///< path
};

/// Runs the seed again, once to know what went wrong and when, and once with somebody looking on who knows
/// it, and stores the run. Errors: those of simulate and of the store.
[[nodiscard]] Result<StoredSim> store_sim_run(const Plan& plan, std::uint64_t seed,
                                              const SimReportOptions& options);

}  // namespace ordeal::cli
