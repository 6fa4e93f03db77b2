#pragma once
// The four session guarantees of Terry et al. (Session guarantees for weakly consistent replicated data, PDIS
// 1994), one by one. Nobody has to know in which order the writes of a key became effective: a guarantee is
// violated when no order of the writes of each key agrees with all that it says. With the initial value
// first, it says, for each session and key:
//
//   read your writes      what a read returns is a write of the session before it, or comes after that;
//   monotonic reads       what a read returns is what a read before it returned, or comes after that;
//   monotonic writes      the session's writes became effective in their order;
//   writes follow reads   a write comes after what the session had read.
//
// So a single guarantee can rarely be refuted alone; that is what it promises.

#include "checkers/transactions/level_finding.h"
#include "checkers/transactions/reads_from.h"
#include "checkers/transactions/writers.h"

namespace ordeal {

struct SessionGuaranteeFindings {
  LevelFinding read_your_writes;
  LevelFinding monotonic_reads;
  LevelFinding monotonic_writes;
  LevelFinding writes_follow_reads;
};

/// O(n log n). A read of what nobody wrote, or of an aborted write, violates all of them. Requires: `reads`
/// is resolve_reads(table), `writers` of both.
[[nodiscard]] SessionGuaranteeFindings check_session_guarantees(const TransactionTable& table,
                                                                const ReadsFrom& reads,
                                                                const Writers& writers);

}  // namespace ordeal
