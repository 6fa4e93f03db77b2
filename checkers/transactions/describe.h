#pragma once
// Sentences about transactions.

#include "checkers/transactions/transaction_table.h"

#include <string>

namespace ordeal {

/// "T7 of session 3 (w x 5, r y nil)". A long transaction shows its beginning.
[[nodiscard]] std::string describe_transaction(const TransactionTable& table, TransactionIndex transaction);

}  // namespace ordeal
