#pragma once
// What a plan may say: ranges, names, and settings that contradict each other. The one place for these rules;
// the YAML reader asks here and adds the line.

#include "controller/run/plan.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

struct PlanProblem {
  std::string path;     ///< of the setting: "workload.keys", "faults.events[1].target"
  std::string message;  ///< goes after the path: "is 0; allowed: 1 to 1024"
};

/// The first thing that is wrong.
[[nodiscard]] std::optional<PlanProblem> find_problem(const Plan& plan);
/// The first thing that only the simulator can do. Requires: find_problem finds none.
[[nodiscard]] std::optional<PlanProblem> find_problem_of_real_nodes(const Plan& plan);

[[nodiscard]] const std::vector<std::string_view>& protocol_names();

}  // namespace ordeal
