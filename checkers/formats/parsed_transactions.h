#pragma once
// What a reader of transactions gives: the table, and what a person should know about how it was read.

#include "checkers/transactions/transaction_table.h"

#include <string>
#include <vector>

namespace ordeal {

struct ParsedTransactions {
  TransactionTable table;
  std::vector<std::string> notes;
};

}  // namespace ordeal
