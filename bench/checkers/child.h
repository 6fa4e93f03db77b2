#pragma once
// Another program, run to its end: what it printed, how long it took and the most memory it had. One program
// per side and round, so that the memory is that side's alone.

#include "common/result.h"

#include <string>
#include <vector>

namespace ordeal::bench {

struct Finished {
  std::string output;  ///< all of its standard output
  double seconds = 0;  ///< from start to end
  double peak_mb = 0;  ///< largest resident memory, as the kernel counts it
};

/// Runs command[0] with the rest as arguments; its standard error is appended to the file `log`. It is killed
/// after `seconds_max`. The error says how it ended, if not with exit code 0.
[[nodiscard]] Result<Finished> run_program(const std::vector<std::string>& command, double seconds_max,
                                           const std::string& log);

}  // namespace ordeal::bench
