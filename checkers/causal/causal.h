#pragma once
// Causal consistency, with its three meanings kept apart, as defined by Bouajjani, Enea, Guerraoui and Hamza
// (On verifying causal consistency, POPL 2017): causal consistency (CC), causal convergence (CCv) and causal
// memory (CM). CCv and CM are stronger than CC, and neither contains the other. A transaction counts as one
// operation; with a single access each, the definitions are those of the paper.

#include "checkers/transactions/level_finding.h"
#include "checkers/transactions/reads_from.h"

namespace ordeal {

/// Causal memory costs more than the other two together.
enum class CausalScope : std::uint8_t { kAll, kWithoutMemory };

struct CausalFindings {
  LevelFinding causal;       ///< CC
  LevelFinding convergence;  ///< CCv
  LevelFinding memory;       ///< CM; unknown when it was not asked for
};

/// Time is O(accesses x sessions) for CC and CCv; for CM that much again for each session that does not look
/// right at first sight. Requires: `reads` is resolve_reads(table).
[[nodiscard]] CausalFindings check_causal(const TransactionTable& table, const ReadsFrom& reads,
                                          const Budget& budget, CausalScope scope = CausalScope::kAll);

}  // namespace ordeal
