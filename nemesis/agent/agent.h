#pragma once
// Puts the parts together and runs them: the guardian first, then an I/O thread for HTTP and probes and a
// worker thread for the mechanisms, until SIGTERM or SIGINT.

#include "common/result.h"
#include "nemesis/agent/options.h"

namespace ordeal::agent {

/// Runs until it is told to end and has removed every fault. Requires: no thread exists yet.
[[nodiscard]] Status run_agent(const Options& options);

}  // namespace ordeal::agent
