#include "nemesis/agent/guardian.h"

#include "nemesis/agent/clock.h"
#include "nemesis/agent/packet_filter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>

namespace ordeal::agent {
namespace {

constexpr int kAttemptsMax = 10;

void say(const std::string& text) {
  fmt::print(stderr, "ordeal-guardian: {}\n", text);
}

void sleep(Duration duration) {
  std::this_thread::sleep_for(to_chrono(duration));
}

bool remove_filter() {
  bool removed = true;
  for (const Family family : kFamilies) {
    const Status status = remove_chain(family);
    // Without the tools of a family nothing of that family was written.
    if (status || status.error().code == ErrorCode::kUnsupported) continue;
    say(status.error().message);
    removed = false;
  }
  return removed;
}

bool signal_once(const ProcessRef& process, int signal) {
  const Status sent = send_signal(process, signal);
  if (sent || sent.error().code == ErrorCode::kNotFound) return true;
  say(sent.error().message);
  return false;
}

/// The earliest moment at which something must be undone although the agent still lives.
std::optional<MonotonicTime> next_due(const UndoList& list) {
  std::optional<MonotonicTime> due;
  const auto consider = [&](bool set, MonotonicTime deadline) {
    if (set) due = std::min(due.value_or(deadline + kGuardianGrace), deadline + kGuardianGrace);
  };
  consider(list.filter, list.filter_deadline);
  consider(list.paused.pid != 0, list.paused_deadline);
  consider(list.supervisor.pid != 0, list.supervisor_deadline);
  return due;
}

/// The agent is dead: everything is undone, with patience for a busy machine.
void undo_all(UndoList list) {
  const bool filter = list.filter;
  const ProcessRef supervisor = list.supervisor;
  for (int attempt = 0; attempt < kAttemptsMax && !list.empty(); ++attempt) {
    if (attempt > 0) sleep(seconds(1));
    undo(list, std::nullopt);
  }
  // An iptables-restore that the agent had started may outlive it and write after our removal. It is short,
  // so twice later is enough; the kernel's expiry stands behind. And a supervisor that had not noticed the
  // death of its replica yet had nothing to start.
  for (const Duration pause : {milliseconds(500), milliseconds(1500)}) {
    if (!filter && supervisor.pid == 0) return;
    sleep(pause);
    if (supervisor.pid != 0) signal_once(supervisor, SIGUSR1);
    if (filter) remove_filter();
  }
}

/// Follows the agent until it has ended.
void guard(int socket) {
  UndoList list;
  while (true) {
    int wait_ms = -1;
    if (const auto due = next_due(list))
      wait_ms = static_cast<int>(std::max<std::int64_t>(0, (*due - monotonic_now()).ms() + 1));
    pollfd polled{socket, POLLIN, 0};
    if (poll(&polled, 1, wait_ms) < 0 && errno != EINTR) break;
    if (polled.revents != 0) {
      UndoList received;
      const ssize_t size = recv(socket, &received, sizeof received, 0);
      if (size == 0 || (size < 0 && errno != EINTR)) break;
      if (size == sizeof received) list = received;
    }
    if (const auto due = next_due(list); due && *due <= monotonic_now()) {
      say("the agent let a deadline pass; undoing it");
      const UndoList before = list;
      undo(list, monotonic_now());
      if (list == before) sleep(seconds(1));
    }
  }
  if (list.empty()) return;
  say("the agent is gone; undoing its faults");
  undo_all(list);
}

[[noreturn]] void run_guardian(Fd socket) {
  setsid();
  prctl(PR_SET_NAME, "ordeal-guardian");
  // Whoever ends the agent may mean everybody; this process ends by itself when its work is done.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  constexpr int kSocket = 3;
  if (socket.get() != kSocket) dup3(socket.get(), kSocket, O_CLOEXEC);
  close_range(kSocket + 1, ~0U, 0);
  guard(kSocket);
  std::_Exit(0);
}

}  // namespace

void undo(UndoList& list, std::optional<MonotonicTime> now) {
  const auto due = [&](MonotonicTime deadline) { return !now || deadline + kGuardianGrace <= *now; };
  // The replica first: a signal is quick.
  if (list.paused.pid != 0 && due(list.paused_deadline) && signal_once(list.paused, SIGCONT))
    list.paused = {};
  if (list.supervisor.pid != 0 && due(list.supervisor_deadline) && signal_once(list.supervisor, SIGUSR1))
    list.supervisor = {};
  if (list.filter && due(list.filter_deadline) && remove_filter()) list.filter = false;
}

Result<Guardian> Guardian::start() {
  std::array<int, 2> ends{};
  // Packets, not bytes: a list arrives whole or not at all.
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("cannot make a socket pair: {}", std::strerror(errno))};
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  const pid_t pid = fork();
  if (pid < 0)
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("cannot fork the guardian: {}", std::strerror(errno))};
  if (pid == 0) {
    ours.close();
    run_guardian(std::move(theirs));
  }
  return Guardian(pid, std::move(ours));
}

Status Guardian::arm(const UndoList& list) {
  gone_ = send(socket_.get(), &list, sizeof list, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof list;
  if (!gone_) return {};
  return Error{ErrorCode::kInternal,
               fmt::format("the guardian process {} does not listen ({}); restart the agent", pid_,
                           std::strerror(errno))};
}

}  // namespace ordeal::agent
