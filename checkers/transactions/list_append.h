#pragma once
// Isolation of transactions over lists (Elle's list-append). What was read tells the order of the elements,
// so who depends on whom is known, and every level is a question about circles: linear in the size of the
// history.
//
// Sound: a level is called violated only when it is. Two
// appends to a key that nobody read may have come in either order, so that a violation may be missed there.

#include "checkers/transactions/isolation.h"
#include "checkers/transactions/list_history.h"

namespace ordeal {

/// Requires: `history` is read_list_history of a well-formed one. The error names two transactions that
/// append the same element to the same key.
[[nodiscard]] Result<IsolationFinding> check_list_append(const ListHistory& history);

}  // namespace ordeal
