#pragma once
// What is wrong with a history of transactions: a name that the field knows, and the few transactions that
// show it.

#include "checkers/transactions/transaction_table.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

enum class Relation : std::uint8_t {
  kSession,  ///< `from` is earlier in the same session
  kReads,    ///< `to` reads what `from` wrote
  kForced,   ///< `reader` sees `from`, which wrote `key`, and yet reads the key from `to`
};

struct OrderStep {
  TransactionIndex from = 0;
  TransactionIndex to = 0;
  Relation relation = Relation::kSession;
  KeyIndex key = 0;                          ///< for kReads and kForced
  TransactionIndex reader = kInitialWriter;  ///< for kForced
};

struct Violation {
  std::string_view pattern;  ///< "WriteCORead", ...
  /// The read that shows it, where a single read does.
  std::optional<TransactionIndex> reader;
  KeyIndex key = 0;
  TransactionIndex source = kInitialWriter;  ///< whom it read from
  /// A chain from the source over another writer of the key to the reader, or a circle.
  std::vector<OrderStep> steps;
};

}  // namespace ordeal
