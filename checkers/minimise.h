#pragma once
// A bad history without what is not needed to see that it is bad.

#include "checkers/history_table.h"
#include "checkers/keyed_checker.h"
#include "common/history.h"

#include <span>

namespace ordeal {

/// Of each invalid key the operations that its proof is made of, and nothing else. What was left out could
/// not have helped (docs/formats/certificate.md), so the keys are invalid still. Operations that were open
/// where the proof ends have an unknown outcome; compare-and-sets of which only the write counts are writes.
/// Times stay, positions are new.
[[nodiscard]] History minimise(const HistoryTable& history, std::span<const KeyProof> proofs);

}  // namespace ordeal
