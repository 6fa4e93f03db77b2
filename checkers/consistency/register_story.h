#pragma once
// A violation of registers, told operation by operation.

#include "checkers/checker.h"
#include "checkers/transactions/violation.h"

namespace ordeal {

/// The steps are in `stuck`, the most telling first; their positions are the table's origins.
[[nodiscard]] Witness tell(const TransactionTable& table, const Violation& violation);

}  // namespace ordeal
