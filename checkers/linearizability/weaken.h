#pragma once
// Weakenings of a register problem: what has an order before has one after, so a violation that is left is
// one of the whole.

#include "checkers/linearizability/register_model.h"

#include <vector>

namespace ordeal {

/// The operations up to a position of the history, included: linearizability is prefix-closed. What is still
/// open there may or may not happen.
[[nodiscard]] RegisterProblem cut_after(const RegisterProblem& problem, std::size_t position);

/// The operations from a position on, beginning with any value: the end of an order is an order of what is
/// left. What was open there may have its place before or after.
[[nodiscard]] RegisterProblem cut_before(const RegisterProblem& problem, std::size_t position);

/// What is no longer looked at or is gone.
struct Weakening {
  std::vector<bool> unseen;   ///< by position in the operations: a read is gone, a cas is a write
  std::vector<bool> dropped;  ///< by ValueId: every operation that writes or looks at the value is gone
};

/// Requires: nothing is dropped while the problem has a kDeny. Where a dropped value was, the register holds
/// the one before it, and nobody looks; but a failed cas that says "not a" needs whatever was between two
/// a's.
[[nodiscard]] RegisterProblem weaken(const RegisterProblem& problem, const Weakening& weakening);

/// Drops all values but these, and gives the rest new numbers. Requires: no kDeny.
[[nodiscard]] RegisterProblem keep_values(const RegisterProblem& problem, const std::vector<ValueId>& values);

}  // namespace ordeal
