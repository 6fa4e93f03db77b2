#pragma once
// Swarm testing (Groce et al., ISSTA 2012): each seed draws its own kinds and intensity of faults, cluster,
// timing and load, and switches a random half of the fault kinds off, since what one fault hides another
// schedule shows. The result is an ordinary plan with explicit events.

#include "controller/run/plan.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::sim {

struct SwarmOptions {
  std::string protocol = "raft";
  std::vector<std::string> plants;
  Duration time_limit = seconds(60);
};

/// The same options and seed give the same plan for ever.
[[nodiscard]] Plan draw_plan(const SwarmOptions& options, std::uint64_t seed);

}  // namespace ordeal::sim
