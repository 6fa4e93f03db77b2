#pragma once
// The formats of DBCop since 2025, in JSON and as text. In JSON, an array of sessions, or an object with it
// as "data"; a session is an array of transactions:
//
//   {"events": [{"Write": {"variable": 0, "version": 1}}, ["r", 1, null]], "committed": true}
//
// an event is an object with Read or Write, or an array of r or w, the variable and the version, and null is
// the version of what nobody wrote. As text, a line has transactions, dashes stand between sessions:
//
//   // a comment
//   [x:=1 y==2] [z==?]!
//   ---
//
// := writes, == reads, ? is the version of what nobody wrote, ! follows what was not committed. Version 0 is
// the same as none, unless it is written.

#include "checkers/formats/parsed_transactions.h"
#include "common/result.h"

#include <string_view>

namespace ordeal {

/// Transactions are counted from 1. The error names the session, transaction and event, each from 1 and the
/// latter two within the former, and what was expected; in text that is no JSON, the byte from 1.
[[nodiscard]] Result<ParsedTransactions> parse_dbcop_json(std::string_view text);

/// The error names the line and what was expected.
[[nodiscard]] Result<ParsedTransactions> parse_dbcop_text(std::string_view text);

}  // namespace ordeal
