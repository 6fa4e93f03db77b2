#pragma once
// Sentences for people: which operations a violation consists of, and why the one that had to come next
// cannot.

#include "checkers/linearizability/shrink.h"

#include <string>

namespace ordeal {

/// "p3 read -> 5 (invoked 1.101000s, ok at 1.203444s)". Positions stand for times when the history has none.
[[nodiscard]] std::string describe(const HistoryTable& history, const OperationRow& operation);

/// The story of a violation: the end of the longest order of the core, the state, the guilty. Requires: the
/// core is of this slice.
[[nodiscard]] Witness explain(const HistoryTable& history, const KeySlice& slice, const ViolationCore& core);

}  // namespace ordeal
