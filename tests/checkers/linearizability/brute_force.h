#pragma once
// The naive twin of the linearizability checker: tries every order. It shares no code with it and reads the
// history by itself. For a handful of operations on one key.

#include "checkers/linearizability/linearizable.h"
#include "common/history.h"

namespace ordeal::testing {

/// Requires: one key, at most 30 operations.
[[nodiscard]] bool has_an_order(const History& history, const RegisterSemantics& semantics);

}  // namespace ordeal::testing
