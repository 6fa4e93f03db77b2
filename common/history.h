#pragma once
// The history: every invocation, completion and fault of a run in order. It is the waist of the system: what
// is left of it makes chaos, what is right of it is a pure function of it.

#include "common/op.h"
#include "common/result.h"

#include <cstddef>
#include <vector>

namespace ordeal {

using History = std::vector<Op>;

/// Checks that: indices are dense from 0; times do not go back; a process invokes only when it has nothing
/// open and has not ended an operation with `info`; each completion closes the open invocation of its process
/// and has the same f and key. The nemesis may have several operations open; its completions need an open
/// invocation of the same f. The error names the index and the rule. Operations still open at the end are
/// well-formed: their outcome is unknown.
[[nodiscard]] Status check_well_formed(const History& history);

/// An invocation with its completion.
struct Operation {
  std::size_t invoke = 0;               ///< position in the history
  std::optional<std::size_t> complete;  ///< position of ok, fail or info; none when the history ended first
};

/// Pairs the operations of client processes, in order of invocation. Requires: check_well_formed(history).
[[nodiscard]] std::vector<Operation> pair_operations(const History& history);

}  // namespace ordeal
