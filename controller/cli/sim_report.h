#pragma once
// A simulated run in the store: plan, history, verdict and report, as a real run leaves them, and the diagram
// of its last messages.

#include "controller/run/plan.h"
#include "sim/simulation.h"

#include <string>
#include <vector>

namespace ordeal::cli {

struct SimReportOptions {
  std::string store = "store";
  std::vector<std::string> argv;  ///< as typed
};

struct StoredSim {
  sim::SimResult result;
  std::string report;  ///< path
};

/// Runs the seed once more with somebody looking on, and stores it. Errors: those of simulate and of the
/// store.
[[nodiscard]] Result<StoredSim> store_sim_run(const Plan& plan, std::uint64_t seed,
                                              const SimReportOptions& options);

}  // namespace ordeal::cli
