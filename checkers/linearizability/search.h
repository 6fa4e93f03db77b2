#pragma once
// Searches for an order of one register's operations. Exact; exponential at worst, so it has a budget.
//
// The search is that of Wing and Gong (J. Parallel Distrib. Comput. 1993) with Lowe's memo of visited
// configurations and just-in-time linearization (Lowe, CCPE 2017): the history is walked response by
// response, and an operation is placed only when the one that returns needs it. A configuration is therefore
// small: the value, which of the open operations are placed, and how many of each class of unknown operations
// were used.

#include "checkers/linearizability/register_model.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ordeal {

enum class SearchEnd : std::uint8_t {
  kFound,    ///< there is an order
  kNone,     ///< there is none
  kSteps,    ///< the steps are used up
  kBytes,    ///< the memory is used up
  kStopped,  ///< the stop callback said so
};

/// The furthest that any order came. Positions are those in `RegisterProblem::ops`.
struct Furthest {
  std::size_t returning = 0;              ///< the operation that no order could place before its response
  std::vector<std::size_t> tail;          ///< the last operations of the longest order, in order
  std::size_t placed = 0;                 ///< length of that order
  std::optional<std::size_t> last_write;  ///< the operation that gave the value it ends with; none: `initial`
  ValueId initial = kUnobserved;          ///< the value that order begins with
  std::vector<std::size_t> waiting;       ///< other open operations with a known outcome that are not placed
};

struct SearchResult {
  SearchEnd end = SearchEnd::kNone;
  std::uint64_t steps = 0;           ///< configurations visited
  std::uint64_t bytes = 0;           ///< memory used
  std::optional<Furthest> furthest;  ///< of every end but kFound, if any operation had to return
};

[[nodiscard]] SearchResult search(const RegisterProblem& problem, const Budget& budget);

}  // namespace ordeal
