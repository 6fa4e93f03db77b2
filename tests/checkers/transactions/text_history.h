#pragma once
// Histories of transactions in a line of text, as the papers write them.

#include "checkers/transactions/transaction_table.h"

#include <string>
#include <string_view>

namespace ordeal::testing {

/// "wx1 rx2 | [wx2 ry0] wy3?": sessions stand between bars; a letter for read or write, one for the key, and
/// the value, 0 for the initial one; brackets make several accesses one transaction; "!" after a transaction:
/// it was aborted, "?": nobody knows. Ends the program on any other text.
[[nodiscard]] TransactionTable transactions(std::string_view text);

/// The same text again.
[[nodiscard]] std::string print(const TransactionTable& table);

}  // namespace ordeal::testing
