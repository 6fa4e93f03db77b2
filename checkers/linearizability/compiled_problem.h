#pragma once
// A register problem prepared for the search: events in order, a slot for each open operation, unknown
// operations in classes, and when each value is last looked at. What cannot matter is left out here, once,
// instead of in each step.

#include "checkers/linearizability/register_model.h"

#include <cstdint>
#include <vector>

namespace ordeal {

/// The invocation or the response of an operation with a known outcome.
struct SearchEvent {
  std::uint32_t op = 0;  ///< position in CompiledProblem::ops
  bool response = false;
};

struct CompiledOp {
  Action action;
  std::uint32_t slot = 0;    ///< no two operations that are open at once have the same
  std::uint32_t source = 0;  ///< position in RegisterProblem::ops
};

/// Unknown operations that do the same thing: which of them took effect makes no difference, only how many.
struct UnknownClass {
  Action action;
  std::vector<std::uint32_t>
      invoked;  ///< for each member, the number of events before its invocation; ascending
  std::vector<std::uint32_t> sources;  ///< the members, positions in RegisterProblem::ops
};

struct CompiledProblem {
  std::vector<CompiledOp> ops;  ///< known outcome, in order of invocation
  std::vector<SearchEvent> events;
  std::vector<UnknownClass> classes;
  std::vector<std::vector<std::uint32_t>> classes_giving;  ///< by ValueId
  /// By ValueId: number of events after which nothing looks at the value any more, so that it may become
  /// kUnobserved.
  std::vector<std::uint32_t> looked_at_until;
  std::vector<ValueId> initials;  ///< the values that the register may hold at the beginning
  std::uint32_t slots = 0;
};

[[nodiscard]] CompiledProblem compile(const RegisterProblem& problem);

}  // namespace ordeal
