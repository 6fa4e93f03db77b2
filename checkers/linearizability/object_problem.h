#pragma once
// The operations of one key as an object sees them, and the search for an order of them.

#include "checkers/linearizability/object.h"
#include "checkers/linearizability/search_result.h"
#include "checkers/linearizability/timeline.h"

#include <memory>
#include <vector>

namespace ordeal {

struct ObjectOp {
  std::uint32_t operation = 0;  ///< position in the key's slice
  ActionId action = 0;
  std::uint32_t invoke = 0;  ///< position in the history
  std::uint32_t response = kNever;

  [[nodiscard]] bool definite() const { return response != kNever; }
};

/// Operations in order of invocation.
using ObjectProblem = std::vector<ObjectOp>;

/// Translates the operations and splits them into the parts that can be judged apart. The error names the
/// operation that the object has not.
[[nodiscard]] Result<std::vector<ObjectProblem>> make_object_problems(SequentialObject& object,
                                                                      const HistoryTable& history,
                                                                      const KeySlice& slice);

/// Exact; exponential at worst, so it has a budget. The object gets new states.
[[nodiscard]] SearchResult search(SequentialObject& object, const ObjectProblem& problem,
                                  const Budget& budget);

/// A problem that has no order, or a small part of one that has none either.
struct ObjectCore {
  ObjectProblem problem;
  Furthest furthest;  ///< of the search of `problem`

  /// Position of the answer that no order explains.
  [[nodiscard]] std::uint32_t end() const { return problem[furthest.returning].response; }
};

/// Spends at most `budget`, and a bounded number of attempts.
[[nodiscard]] ObjectCore shrink(SequentialObject& object, ObjectCore core, const Budget& budget);

/// The story of a violation. Requires: the core is of this slice.
[[nodiscard]] Witness explain(SequentialObject& object, const HistoryTable& history, const KeySlice& slice,
                              const ObjectCore& core);

}  // namespace ordeal
