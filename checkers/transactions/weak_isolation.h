#pragma once
// Read committed and read atomic, as axioms on a commit order (Biswas and Enea, On the complexity of checking
// transactional consistency, OOPSLA 2019): there is a total order of all transactions that contains the
// session orders and who reads from whom, and in which whoever else wrote a key that a transaction reads, and
// is visible to it, comes before the one it reads from. Visible are
//
//   read committed   the transactions that it has read from already;
//   read atomic      those that it reads from at all, and those before it in its session.

#include "checkers/transactions/level_finding.h"
#include "checkers/transactions/reads_from.h"
#include "checkers/transactions/writers.h"

namespace ordeal {

/// O(n^1.5) for n accesses; faulty reads violate it. Requires: `reads` is resolve_reads(table), `writers` of
/// both.
[[nodiscard]] LevelFinding check_read_committed(const TransactionTable& table, const ReadsFrom& reads,
                                                const Writers& writers);
/// The same.
[[nodiscard]] LevelFinding check_read_atomic(const TransactionTable& table, const ReadsFrom& reads,
                                             const Writers& writers);

}  // namespace ordeal
