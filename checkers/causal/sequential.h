#pragma once
// Sequential consistency (Lamport, 1979): one order of all transactions, that agrees with each session's,
// explains every read. With transactions of several accesses that is strong session serializability.
//
// To decide it is NP-complete even when all values differ (Gibbons and Korach, SIAM J. Comput. 26(4), 1997).
// So: what causal convergence forbids is a violation; then whatever follows for certain is added, until
// nothing new does or a circle comes of it; only what is left is searched, within the budget.

#include "checkers/transactions/level_finding.h"
#include "checkers/transactions/reads_from.h"

#include <vector>

namespace ordeal {

struct SequentialFinding {
  LevelFinding level;
  std::vector<TransactionIndex> order;  ///< for valid: an order that explains every read
};

/// Steps of the budget are transactions placed by the search. Requires: `reads` is resolve_reads(table).
[[nodiscard]] SequentialFinding check_sequential(const TransactionTable& table, const ReadsFrom& reads,
                                                 const Budget& budget);

}  // namespace ordeal
