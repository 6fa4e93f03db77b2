#pragma once
// A register problem prepared for the search: its timeline, unknown operations in classes, and when each
// value is last looked at. What cannot matter is left out here, once, instead of in each step.

#include "checkers/linearizability/register_model.h"
#include "checkers/linearizability/timeline.h"

#include <cstdint>
#include <vector>

namespace ordeal {

struct CompiledProblem {
  Timeline timeline;
  std::vector<Action> actions;  ///< by position in Timeline::ops
  std::vector<UnknownClass> classes;
  std::vector<Action> class_actions;                       ///< by class
  std::vector<std::vector<std::uint32_t>> classes_giving;  ///< by ValueId
  /// By ValueId: number of events after which nothing looks at the value any more, so that it may become
  /// kUnobserved.
  std::vector<std::uint32_t> looked_at_until;
  std::vector<ValueId> initials;  ///< the values that the register may hold at the beginning
};

[[nodiscard]] CompiledProblem compile(const RegisterProblem& problem);

}  // namespace ordeal
