#include "nemesis/agent/replica.h"

#include "nemesis/agent/clock.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

namespace ordeal::agent {
namespace {

constexpr Duration kDeathLimit = seconds(3);
constexpr Duration kStopLimit = seconds(2);
constexpr Duration kStartLimit = seconds(8);
constexpr Duration kStartAgain = milliseconds(250);

Error not_now(std::string why) {
  return {ErrorCode::kUnavailable, std::move(why)};
}

}  // namespace

Result<PidFile> Replica::read_pid_file() const {
  const auto text = read_small_file(pid_file_);
  if (!text) return not_now(fmt::format("no supervised node here: {}", text.error().message));
  const auto file = parse_pid_file(*text);
  if (!file) return not_now(fmt::format("the pid file {} is wrong: {}", pid_file_, file.error().message));
  return *file;
}

Result<ProcessRef> Replica::find_supervisor() const {
  const auto file = read_pid_file();
  if (!file) return file.error();
  const auto stat = read_stat(file->supervisor);
  if (!stat || !stat->alive())
    return not_now(fmt::format("the supervisor, process {}, is gone", file->supervisor));
  return ProcessRef{stat->pid, stat->start_ticks};
}

Result<ProcessRef> Replica::find_replica() const {
  const auto file = read_pid_file();
  if (!file) return file.error();
  if (file->replica == 0) return not_now("the replica does not run");
  const auto stat = read_stat(file->replica);
  if (!stat || !stat->alive()) return not_now(fmt::format("the replica, process {}, is gone", file->replica));
  if (stat->parent != file->supervisor)
    return not_now(
        fmt::format("process {} is not the supervisor's child: the pid file is stale", file->replica));
  return ProcessRef{stat->pid, stat->start_ticks};
}

Status Replica::kill(const ProcessRef& replica) const {
  if (Status sent = send_signal(replica, SIGKILL); !sent && sent.error().code != ErrorCode::kNotFound)
    return sent;
  if (!wait_until([&] { return !is_alive(replica); }, kDeathLimit))
    return Error{ErrorCode::kInternal, fmt::format("process {} lives on after SIGKILL", replica.pid)};
  const auto noticed = [&] {
    const auto file = read_pid_file();
    return file.ok() && file->replica != replica.pid;
  };
  if (!wait_until(noticed, kDeathLimit))
    return Error{ErrorCode::kInternal, "the supervisor did not notice the death of the replica"};
  return {};
}

Status Replica::stop(const ProcessRef& replica) const {
  if (Status sent = send_signal(replica, SIGSTOP); !sent) {
    const bool gone = sent.error().code == ErrorCode::kNotFound;
    return gone ? Status(not_now(sent.error().message)) : sent;
  }
  // The signal only asks: a thread in a system call still runs when kill() has returned.
  if (wait_until([&] { return all_threads_stopped(replica.pid); }, kStopLimit)) return {};
  return Error{ErrorCode::kInternal, fmt::format("the threads of process {} did not stop within {}",
                                                 replica.pid, to_text(kStopLimit))};
}

Status Replica::resume(const ProcessRef& replica) const {
  if (Status sent = send_signal(replica, SIGCONT); !sent)
    return sent.error().code == ErrorCode::kNotFound ? Status() : sent;
  const auto runs = [&] {
    const std::vector<char> states = thread_states(replica.pid);
    return std::find(states.begin(), states.end(), 'T') == states.end();
  };
  if (wait_until(runs, kStopLimit)) return {};
  return Error{ErrorCode::kInternal, fmt::format("process {} is still stopped after SIGCONT", replica.pid)};
}

Status Replica::start() const {
  const MonotonicTime end = monotonic_now() + kStartLimit;
  while (monotonic_now() < end) {
    if (find_replica()) return {};
    const auto supervisor = find_supervisor();
    if (!supervisor) return supervisor.error();
    // Sent again because a supervisor that has not yet noticed the death takes it for "runs already".
    if (Status sent = send_signal(*supervisor, SIGUSR1); !sent) return sent;
    if (wait_until([&] { return find_replica().ok(); }, kStartAgain)) return {};
  }
  return Error{ErrorCode::kInternal, fmt::format("the supervisor did not start the replica within {}: {}",
                                                 to_text(kStartLimit), find_replica().error().message)};
}

Result<ReplicaObservation> Replica::observe() const {
  const auto file = read_pid_file();
  if (!file) return file.error();
  ReplicaObservation observed;
  observed.incarnation = file->incarnation;
  const auto replica = find_replica();
  if (!replica) return observed;
  const auto stat = read_stat(replica->pid);
  if (!stat || !stat->alive() || stat->start_ticks != replica->start_ticks) return observed;
  observed.replica = stat->pid;
  observed.alive = true;
  observed.state = stat->state;
  observed.threads_stopped = all_threads_stopped(stat->pid);
  observed.cpu_ns = cpu_time_ns(stat->pid).value_or(0);
  observed.start_ticks = stat->start_ticks;
  return observed;
}

}  // namespace ordeal::agent
