#pragma once
// The test format of AWDIT (PLDI 2025): one access a line, "r KEY VALUE" or "w KEY VALUE", a line of dashes
// between transactions and one of equal signs between sessions. 0 is the initial value of a key unless
// somebody writes 0 to it.

#include "checkers/formats/parsed_transactions.h"
#include "common/result.h"

#include <string_view>

namespace ordeal {

/// The error names the line and what was expected.
[[nodiscard]] Result<ParsedTransactions> parse_awdit(std::string_view text);

}  // namespace ordeal
