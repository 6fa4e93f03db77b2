#pragma once
// The guardian is a process forked from the agent before it has threads. It holds the list of what must be
// undone and undoes it when the agent dies in any way (end of file on their socket) or lets a deadline pass
// (it hangs). The agent sends the list *before* it strikes, so there is no moment in which a fault is in
// force and the guardian does not know.
//
// It leads a session of its own, so a signal to the agent's process group does not reach it; it dies with the
// PID namespace; and it ends as soon as the agent has ended and nothing is left to undo.

#include "common/result.h"
#include "common/time.h"
#include "nemesis/agent/fd.h"
#include "nemesis/agent/proc.h"

#include <sys/types.h>

#include <optional>
#include <type_traits>

namespace ordeal::agent {

/// What must be undone, and when at the latest. Sent as it is from the agent to its own fork.
struct UndoList {
  bool filter = false;  ///< remove chain and jumps, both families
  MonotonicTime filter_deadline;
  ProcessRef paused;  ///< SIGCONT
  MonotonicTime paused_deadline;
  ProcessRef supervisor;  ///< SIGUSR1, so that it starts the killed replica
  MonotonicTime supervisor_deadline;

  [[nodiscard]] bool empty() const { return !filter && paused.pid == 0 && supervisor.pid == 0; }
  friend bool operator==(const UndoList&, const UndoList&) = default;
};
static_assert(std::is_trivially_copyable_v<UndoList>);

/// How long after a deadline the guardian waits for the agent to have acted itself.
inline constexpr Duration kGuardianGrace = milliseconds(1500);

class Guardian {
 public:
  /// Forks it. Requires: no thread exists yet.
  [[nodiscard]] static Result<Guardian> start();

  /// Replaces its list. An error means that the guardian is gone or does not listen: then nothing may be
  /// struck.
  [[nodiscard]] Status arm(const UndoList& list);
  /// It did not take the last list.
  [[nodiscard]] bool is_gone() const { return gone_; }

 private:
  Guardian(pid_t pid, Fd socket) : pid_(pid), socket_(std::move(socket)) {}

  pid_t pid_;
  Fd socket_;
  bool gone_ = false;
};

/// Undoes what is due by `now`, all of it when `now` is none, and takes what was undone off the list. What
/// fails stays.
void undo(UndoList& list, std::optional<MonotonicTime> now);

}  // namespace ordeal::agent
