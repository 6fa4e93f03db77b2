#pragma once
// Searches for an order of all transactions in which each reads what it read, after those that it has to
// follow. Exact; exponential at worst.
//
// A transaction is placed when it is the next of its session, all that it has to follow is placed, and every
// key it reads holds what it read. It may overwrite a value only when nobody who read that value is still to
// come. So a transaction that writes nothing is placed as soon as it can be, for that is never worse; only
// writers branch.

#include "checkers/checker.h"
#include "checkers/transactions/dependencies.h"
#include "checkers/transactions/writers.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal {

struct SerialSearchResult {
  Verdict verdict = Verdict::kUnknown;  ///< whether there is an order
  std::vector<TransactionIndex> order;  ///< for valid
  std::string why;                      ///< for unknown: what was spent
};

/// `rank[t]`: writers of a small rank are tried first. Requires: no circle in sessions, reads and `forced`.
[[nodiscard]] SerialSearchResult search_serial_order(const TransactionTable& table, const ReadsFrom& reads,
                                                     const Writers& writers, const Precedences& forced,
                                                     const std::vector<std::uint32_t>& rank,
                                                     const Budget& budget);

}  // namespace ordeal
