#pragma once
// One run from plan to report, on a cluster of this machine. Everything it learns is in the store at every
// moment.

#include "controller/report/run_info.h"
#include "controller/report/store.h"
#include "controller/run/plan.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::cli {

struct CampaignOptions {
  Plan plan;               ///< as it is run, seed included
  std::string plan_given;  ///< text of the plan file; empty: none
  std::uint64_t seed = 0;
  std::string store = "store";
  std::string programs;           ///< folder of ordeal-node and ordeal-agent
  double check_seconds = 120;     ///< for the checkers together
  std::vector<std::string> argv;  ///< as typed
};

/// Runs, checks, reports, and prints what a person wants to know. Returns the exit code. Requires: this
/// process is in private namespaces (env::run_in_private_namespaces) and has no other thread.
[[nodiscard]] int run_campaign(const CampaignOptions& options);

}  // namespace ordeal::cli
