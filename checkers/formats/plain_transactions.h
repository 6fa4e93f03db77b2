#pragma once
// A table of transactions as formats without names and without unknown outcomes can have it.

#include "checkers/transactions/transaction_table.h"
#include "common/result.h"

#include <string>
#include <vector>

namespace ordeal {

struct PlainTransactions {
  TransactionTable table;
  std::vector<std::string> notes;  ///< what was changed
};

/// A transaction of unknown outcome committed if a committed one read from it, or one that did so; else it is
/// aborted: that nobody saw it is the same as that it never was. Keys and values that are not all integers
/// from 0 are numbered from 1 in the order of the table, and the initial value stays apart.
[[nodiscard]] Result<PlainTransactions> make_plain(const TransactionTable& table);

}  // namespace ordeal
