#pragma once
// Where a history of different values first had no order: a whole problem, event by event, through the
// monitor.

#include "checkers/linearizability/register_model.h"
#include "checkers/linearizability/register_monitor.h"

#include <cstdint>
#include <optional>

namespace ordeal {

/// The response of the first answer that no order explains, as a position in the history; nothing when all
/// are explained. Requires: decide_by_blocks can tell.
[[nodiscard]] std::optional<std::uint32_t> first_violation(
    const RegisterProblem& problem, std::size_t values_kept = RegisterMonitor::kValuesKept);

}  // namespace ordeal
