#pragma once
// DBCop's history.bincode (Biswas and Enea, OOPSLA 2019), as its forks and AWDIT, PolySI and VeriStrong keep
// it. Numbers are eight bytes, the least significant first, flags one byte, texts and lists a number and so
// many:
//
//   id, nodes, variables, transactions, events      five numbers; what they say is not looked at
//   info, start, end                                three texts; the same
//   sessions                                        a list of lists of transactions
//   transaction                                     a list of events, then a flag: it succeeded
//   event                                           a flag: write; variable; value; a flag: it succeeded
//
// A transaction that did not succeed is aborted, and so are writes that did not, wherever they stand; reads
// that did not say nothing. 0 is what every variable holds at the beginning unless it is written.

#include "checkers/formats/parsed_transactions.h"
#include "common/result.h"

#include <string>
#include <string_view>

namespace ordeal {

/// Whether the bytes begin like such a file.
[[nodiscard]] bool looks_like_dbcop(std::string_view bytes);

/// Transactions are counted from 1. The error names the byte, from 0, and what was expected.
[[nodiscard]] Result<ParsedTransactions> parse_dbcop(std::string_view bytes);

/// Sessions lose their names. The error names what the format cannot say: names that are no integers from 0,
/// a key with a written 0 whose initial value is read too, an outcome that nobody knows.
[[nodiscard]] Result<std::string> print_dbcop(const TransactionTable& table);

}  // namespace ordeal
