#pragma once
// The order in which one session must have seen the writes. Each read of the session says that every other
// writer of its key that it sees came before the one it read from; that makes it see more, which says more,
// until nothing new follows. The session has seen some order if no circle comes of it and nothing comes
// before an initial value that was read.
//
// With the causal order to begin with, this is the relation HB of causal memory (Bouajjani et al., POPL 2017,
// section 4.3); with the orders of the sessions and the session's own reads alone, that of PRAM (Lipton and
// Sandberg, 1988). The relation grows along the session, so the one of its last transaction is enough.

#include "checkers/transactions/clocks.h"
#include "checkers/transactions/level_finding.h"
#include "checkers/transactions/writers.h"

namespace ordeal {

/// Requires: the causal order is acyclic, `causal` has its clocks, and no read violates CC.
[[nodiscard]] LevelFinding check_causal_memory(const TransactionTable& table, const ReadsFrom& reads,
                                               const Writers& writers, const Clocks& causal,
                                               const Budget& budget);

/// A read of what nobody wrote, or of an aborted write, violates it too.
[[nodiscard]] LevelFinding check_pram(const TransactionTable& table, const ReadsFrom& reads,
                                      const Writers& writers, const Budget& budget);

}  // namespace ordeal
