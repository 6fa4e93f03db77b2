#pragma once
// A table of transactions in words, to compare what readers give: a line for each transaction.

#include "checkers/transactions/transaction_table.h"

#include <string>

namespace ordeal::testing {

/// "0 committed: w 1 2, r 3 nil". Sessions are counted from 0.
[[nodiscard]] inline std::string table_text(const TransactionTable& table) {
  std::string out;
  for (TransactionIndex t = 0; t < table.transaction_count(); ++t) {
    const TransactionOutcome outcome = table.outcome(t);
    out += std::to_string(table.session_of(t));
    out += outcome == TransactionOutcome::kCommitted ? " committed:"
           : outcome == TransactionOutcome::kAborted ? " aborted:"
                                                     : " unknown:";
    for (std::uint32_t i = table.access_begin(t); i < table.access_begin(t + 1); ++i) {
      const Access access = table.access(i);
      out += i == table.access_begin(t) ? "" : ",";
      out += access.write ? " w " : " r ";
      out += to_text(table.key_name(access.key)) + " " + to_text(table.value_name(access.value));
    }
    out += '\n';
  }
  return out;
}

}  // namespace ordeal::testing
