#pragma once
// Decides a register whose written values are all different, in O(n log n), whatever the concurrency: the
// zones of Gibbons and Korach (SIAM J. Comput. 26(4), 1997, section 4), with compare-and-sets as chains of
// values and operations whose outcome nobody knows.

#include "checkers/linearizability/register_model.h"

#include <optional>
#include <vector>

namespace ordeal {

struct BlockVerdict {
  bool valid = false;
  std::vector<ValueId> values;       ///< when not valid: values whose operations alone have no order
  std::vector<std::uint32_t> order;  ///< when valid and asked for: positions in the operations
};

/// Nothing when it cannot tell: a value with two writers, a written initial value, a kDeny, or a window.
[[nodiscard]] std::optional<BlockVerdict> decide_by_blocks(const RegisterProblem& problem,
                                                           bool with_order = false);

}  // namespace ordeal
