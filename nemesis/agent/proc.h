#pragma once
// Other processes as /proc shows them, and signals that cannot hit a stranger: a process is named by its pid
// and its start time, so a pid that has been given to another process since is not it.

#include "common/result.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::agent {

/// `start_ticks` is field 22 of /proc/PID/stat. Trivially copyable: it is sent to the guardian as it is.
struct ProcessRef {
  pid_t pid = 0;  ///< 0: none
  std::uint64_t start_ticks = 0;

  friend bool operator==(const ProcessRef&, const ProcessRef&) = default;
};

struct ProcessStat {
  pid_t pid = 0;
  char state = '?';  ///< R, S, D, T, t, Z, X, I
  pid_t parent = 0;
  std::uint64_t start_ticks = 0;

  /// A zombie has ended: it only waits to be noticed.
  [[nodiscard]] bool alive() const { return state != 'Z' && state != 'X'; }
};

/// What `ordeal-node --supervised` writes (docs/formats/node-api.md).
struct PidFile {
  pid_t supervisor = 0;
  pid_t replica = 0;  ///< 0: not running
  std::uint64_t incarnation = 0;
};

/// Reads /proc/PID/stat or the same of a task. The name in it may hold spaces and brackets.
[[nodiscard]] std::optional<ProcessStat> parse_stat(std::string_view text);
[[nodiscard]] Result<PidFile> parse_pid_file(std::string_view text);

/// None: there is no such process.
[[nodiscard]] std::optional<ProcessStat> read_stat(pid_t pid);
/// States of all threads, sorted by thread id; empty when the process is gone.
[[nodiscard]] std::vector<char> thread_states(pid_t pid);
/// Every thread is stopped, and there is one.
[[nodiscard]] bool all_threads_stopped(pid_t pid);
/// CPU time of all threads, also of those that have ended; none when the process is gone.
[[nodiscard]] std::optional<std::int64_t> cpu_time_ns(pid_t pid);
/// Alive, with the same start time.
[[nodiscard]] bool is_alive(const ProcessRef& process);

/// Sends a signal to exactly this process. kNotFound: it is gone. kPermissionDenied names the capability.
[[nodiscard]] Status send_signal(const ProcessRef& process, int signal);

/// The whole file, or the reason why not. At most 64 KiB.
[[nodiscard]] Result<std::string> read_small_file(const std::string& path);

}  // namespace ordeal::agent
