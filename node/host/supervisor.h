#pragma once
// `--supervised`: a process without sockets or storage that runs the replica as a child, so that a test may
// kill the replica as often as it likes. SIGUSR1 starts a replica that is not running; SIGTERM stops the
// replica and then the supervisor; when the supervisor dies the kernel kills the replica.

#include "common/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::host {

/// `arguments`: of the replica, its program first. Returns the exit code of this process. Requires: no other
/// thread runs.
[[nodiscard]] int run_supervisor(const std::vector<std::string>& arguments, const std::string& pid_file);

/// The arguments of the replica: those of the supervisor without --supervised and --pid-file.
[[nodiscard]] std::vector<std::string> replica_arguments(int argc, const char* const* argv);

/// What the pid file holds.
struct PidNote {
  std::int64_t supervisor = 0;
  std::int64_t replica = 0;       ///< 0: not running
  std::uint64_t incarnation = 0;  ///< starts of the replica, over the supervisors that used this file
  /// The last incarnation that ended otherwise than by SIGKILL, and how: "exit code 3", "signal 11".
  std::uint64_t ended = 0;
  std::string how;
};
[[nodiscard]] std::string print_pid_note(const PidNote& note);
/// Replaces the file atomically.
[[nodiscard]] Status write_pid_note(const std::string& file, const PidNote& note);
/// The incarnation that an earlier supervisor noted; 0 when there is none to read.
[[nodiscard]] std::uint64_t read_incarnation(const std::string& file);

}  // namespace ordeal::host
