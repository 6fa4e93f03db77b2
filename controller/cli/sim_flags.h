#pragma once
// Which flags of `ordeal sim` go together. A flag that would mean nothing is refused: whoever gives it
// believes that it does something.

#include "common/result.h"
#include "controller/cli/sim_command.h"

namespace ordeal::cli {

/// kInvalidArgument names the flag that would mean nothing, why, and what to do.
[[nodiscard]] Status check_sim_flags(const SimCommandOptions& options);

}  // namespace ordeal::cli
