#pragma once
// Kills, stops, continues and restarts the replica beside us. Which process that is, is what the supervisor's
// pid file says, and only if that process really is the supervisor's child: a stale file never makes us hit a
// stranger.

#include "common/result.h"
#include "nemesis/agent/proc.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ordeal::agent {

/// What a probe tells.
struct ReplicaObservation {
  pid_t replica = 0;
  bool alive = false;
  char state = '-';  ///< of the main thread; '-' when it is not alive
  bool threads_stopped = false;
  std::uint64_t incarnation = 0;
  std::int64_t cpu_ns = 0;
  std::uint64_t start_ticks = 0;
};

class Replica {
 public:
  explicit Replica(std::string pid_file) : pid_file_(std::move(pid_file)) {}

  /// The supervisor and the replica as they are now. kUnavailable: the file cannot be read, or no such
  /// processes run.
  [[nodiscard]] Result<ProcessRef> find_supervisor() const;
  [[nodiscard]] Result<ProcessRef> find_replica() const;

  /// SIGKILL; done when the process is gone and the supervisor has noticed.
  [[nodiscard]] Status kill(const ProcessRef& replica) const;
  /// SIGSTOP; done when every thread is stopped. After a failure some may be: resume it.
  [[nodiscard]] Status stop(const ProcessRef& replica) const;
  /// SIGCONT; done when no thread is stopped. A replica that is gone needs nothing.
  [[nodiscard]] Status resume(const ProcessRef& replica) const;
  /// SIGUSR1 to the supervisor until a replica runs. One that runs already needs nothing.
  [[nodiscard]] Status start() const;

  [[nodiscard]] Result<ReplicaObservation> observe() const;

 private:
  [[nodiscard]] Result<PidFile> read_pid_file() const;

  std::string pid_file_;
};

}  // namespace ordeal::agent
