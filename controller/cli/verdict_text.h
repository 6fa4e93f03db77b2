#pragma once
// Findings for a terminal.

#include "checkers/checker.h"
#include "common/history.h"

#include <string>

namespace ordeal::cli {

/// The finding in sentences: verdict and why, then for each witness the end of the longest order that could
/// be built, the state it reached, and the guilty operations with the reason why none of them can come next.
[[nodiscard]] std::string finding_text(const Finding& finding);

}  // namespace ordeal::cli
