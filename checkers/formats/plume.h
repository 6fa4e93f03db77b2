#pragma once
// The text format of Plume (Liu et al., OOPSLA 2024) and tools that read it: one access a line,
//
//   r(key,value,session,transaction)   w(key,value,session,transaction)
//
// all integers. Transactions are known by their number in the whole file and are in the order of their first
// lines in their sessions; number -1 is a write that was aborted. Value 0 is what every key holds at the
// beginning; writes of it, which some files begin with, are left out with a note.

#include "checkers/formats/parsed_transactions.h"
#include "common/result.h"

#include <string>
#include <string_view>

namespace ordeal {

/// The error names the line and what was expected.
[[nodiscard]] Result<ParsedTransactions> parse_plume(std::string_view text);

/// The error names what the format cannot say: names that are no integers, a value 0.
[[nodiscard]] Result<std::string> print_plume(const TransactionTable& table);

}  // namespace ordeal
