#pragma once
// From a violated problem to a small one that is violated too. Only weakenings are used: what has an order
// before has one after, so a violation that is left is a violation of the whole.

#include "checkers/linearizability/register_model.h"
#include "checkers/linearizability/search.h"

namespace ordeal {

struct ViolationCore {
  RegisterProblem problem;
  Furthest furthest;  ///< of the search of `problem`
};

/// Requires: search(problem) ended with kNone and `furthest`. Spends at most `budget`, and a bounded number
/// of attempts.
[[nodiscard]] ViolationCore shrink(const RegisterProblem& problem, const Furthest& furthest,
                                   const Budget& budget);

}  // namespace ordeal
