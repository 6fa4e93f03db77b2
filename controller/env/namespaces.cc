#include "controller/env/namespaces.h"

#include "controller/env/fd.h"
#include "controller/env/process.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>

namespace ordeal::env {
namespace {

constexpr int kInternalError = 255;  ///< exit code, docs/ARCHITECTURE.md, section 7
constexpr unsigned kInterruptsForwarded = 2;

std::atomic<unsigned> interrupt_count{0};
static_assert(std::atomic<unsigned>::is_always_lock_free, "counted in a signal handler");

void count_interrupt(int) {
  interrupt_count.fetch_add(1, std::memory_order_relaxed);
}

sigset_t forwarded_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
  return set;
}

std::string read_setting(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

/// Which setting of this machine forbids user namespaces, and what to do.
std::string why_forbidden() {
  if (read_setting("/proc/sys/kernel/unprivileged_userns_clone") == "0")
    return "kernel.unprivileged_userns_clone is 0: run as root, or `sysctl "
           "kernel.unprivileged_userns_clone=1`";
  for (const char* kind : {"user", "pid", "net", "mnt"}) {
    const std::string name = fmt::format("max_{}_namespaces", kind);
    if (read_setting("/proc/sys/user/" + name) == "0")
      return fmt::format("user.{0} is 0: `sysctl user.{0}=10000`", name);
  }
  if (read_setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1")
    return "kernel.apparmor_restrict_unprivileged_userns is 1: run as root, or "
           "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`";
  return "a container, a chroot or a security policy forbids namespaces here: run as root with CAP_SYS_ADMIN "
         "and "
         "CAP_NET_ADMIN (Docker: --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined), "
         "or use another environment";
}

Error forbidden(std::string_view what, int error) {
  return {ErrorCode::kUnsupported, fmt::format("{}: {}; {}", what, std::strerror(error), why_forbidden())};
}

Status write_text(const char* path, const std::string& text) {
  const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (file.open() && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()))
    return {};
  return forbidden(fmt::format("cannot write {}", path), errno);
}

/// The namespaces that must exist before init is forked. Root needs no user namespace: there everything that
/// the run creates has the owner that it would have outside.
Status enter_outer_namespaces() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  const bool root = uid == 0;
  if (::unshare(CLONE_NEWPID | (root ? 0 : CLONE_NEWUSER)) != 0)
    return forbidden(root ? "cannot make a PID namespace" : "cannot make a user namespace", errno);
  if (root) return {};
  // user_namespaces(7): a process without CAP_SETGID must give setgroups up before it may map its group.
  if (Status status = write_text("/proc/self/setgroups", "deny"); !status.ok()) return status;
  if (Status status = write_text("/proc/self/uid_map", fmt::format("0 {} 1", uid)); !status.ok())
    return status;
  return write_text("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

/// In init: the rest, and a /proc that shows only this PID namespace.
Status enter_inner_namespaces() {
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
    return forbidden("cannot make a network and a mount namespace", errno);
  // In a chroot "/" need not be a mount; then it is enough that the one which is covered next is private.
  const bool whole = ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  if (!whole && (errno != EINVAL || ::mount("none", "/proc", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0))
    return forbidden("cannot make the mounts private", errno);
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return forbidden("cannot mount /proc of the new PID namespace", errno);
  return {};
}

void install_interrupt_handlers() {
  struct sigaction action {};
  action.sa_handler = count_interrupt;  // no SA_RESTART: waits return EINTR and look at interrupts()
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

[[noreturn]] void run_inside(const std::function<int()>& inside, const sigset_t& mask) {
  // When init is killed the kernel kills this too; no PDEATHSIG is needed.
  install_interrupt_handlers();
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  const int code = inside();
  std::fflush(nullptr);
  ::_exit(code);
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Reaps whatever has ended. The exit code of `inside` when it was among them.
std::optional<int> reap(pid_t inside) {
  std::optional<int> code;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == inside) code = exit_code_of(status);
  }
  return code;
}

/// init's life: reap, hand signals on, and end with outer. What is left inside ends with it.
[[noreturn]] void be_init(pid_t inside, int lifeline) {
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  const int signals = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) ::_exit(kInternalError);
  for (;;) {
    if (const auto code = reap(inside)) ::_exit(*code);
    std::array<pollfd, 2> fds{pollfd{signals, POLLIN, 0}, pollfd{lifeline, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) ::_exit(kInternalError);
    if ((fds[0].revents & POLLIN) != 0) {
      signalfd_siginfo info{};
      while (::read(signals, &info, sizeof info) == sizeof info) {
      }
    }
    if (fds[1].revents != 0) {
      char signal = 0;
      if (::read(lifeline, &signal, 1) != 1) ::_exit(kInternalError);  // outer is gone
      ::kill(inside, signal);
    }
  }
}

struct Pipe {
  Fd read;
  Fd write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

[[noreturn]] void run_init(const std::function<int()>& inside, Pipe lifeline, Pipe report,
                           const sigset_t& mask) {
  lifeline.write.close();
  report.read.close();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Outer may have died before that call: then the lifeline is at its end, and be_init sees it.
  ::setsid();  // Ctrl-C goes to outer alone, not to the nodes
  const Status status = enter_inner_namespaces();
  if (!status.ok()) {
    const std::string& message = status.error().message;
    // Ignored: outer also sees the exit code.
    [[maybe_unused]] const ssize_t n = ::write(report.write.get(), message.data(), message.size());
    ::_exit(kInternalError);
  }
  const pid_t child = ::fork();
  if (child < 0) ::_exit(kInternalError);
  report.write.close();
  if (child == 0) {
    lifeline.read.close();
    run_inside(inside, mask);
  }
  be_init(child, lifeline.read.get());
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 512> buffer{};
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

/// Outer's life: waits for init; hands the first two signals on, and kills at the third.
int wait_and_forward(pid_t init, int lifeline) {
  sigset_t set = forwarded_signals();
  ::sigaddset(&set, SIGCHLD);
  unsigned forwarded = 0;
  for (;;) {
    int status = 0;
    if (::waitpid(init, &status, WNOHANG) == init) return status;
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&set, &info);
    if (signal <= 0 || signal == SIGCHLD) continue;
    if (forwarded++ < kInterruptsForwarded) {
      const char byte = static_cast<char>(signal);
      // Ignored: a broken pipe means that init is gone, which the wait above sees.
      [[maybe_unused]] const ssize_t n = ::write(lifeline, &byte, 1);
    } else {
      ::kill(init, SIGKILL);
    }
  }
}

}  // namespace

unsigned interrupts() {
  return interrupt_count.load(std::memory_order_relaxed);
}

Result<int> run_in_private_namespaces(const std::function<int()>& inside) {
  auto lifeline = make_pipe();
  auto report = make_pipe();
  if (!lifeline || !report)
    return Error{
        ErrorCode::kResourceExhausted,
        fmt::format("cannot make a pipe: {}; close some files or raise `ulimit -n`", std::strerror(errno))};
  if (Status status = enter_outer_namespaces(); !status.ok()) return status.error();

  sigset_t set = forwarded_signals();
  ::sigaddset(&set, SIGCHLD);
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &set, &before);  // before the fork: no signal is lost between it and the wait
  std::fflush(nullptr);                     // or the child would print what is buffered once more
  const pid_t init = ::fork();
  if (init < 0) {
    const int error = errno;
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return forbidden("cannot start the first process of the new PID namespace", error);
  }
  if (init == 0) run_init(inside, std::move(*lifeline), std::move(*report), before);

  lifeline->read.close();
  report->write.close();
  ::signal(SIGPIPE, SIG_IGN);
  const std::string problem = read_all(report->read.get());
  const int status = wait_and_forward(init, lifeline->write.get());
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (!problem.empty()) return Error{ErrorCode::kUnsupported, problem};
  if (WIFSIGNALED(status))
    return Error{ErrorCode::kInternal,
                 fmt::format("the run was killed by signal {}; everything in it is gone", WTERMSIG(status))};
  return WEXITSTATUS(status);
}

Status try_private_namespaces() {
  auto report = make_pipe();
  if (!report) return Error{ErrorCode::kResourceExhausted, "cannot make a pipe: raise `ulimit -n`"};
  const pid_t child = ::fork();
  if (child < 0) return Error{ErrorCode::kResourceExhausted, "cannot fork: raise `ulimit -u`"};
  if (child == 0) {
    const auto result = run_in_private_namespaces([] { return 0; });
    if (!result.ok()) {
      const std::string& message = result.error().message;
      // Ignored: an empty report is an error as well.
      [[maybe_unused]] const ssize_t n = ::write(report->write.get(), message.data(), message.size());
    }
    ::_exit(result.ok() ? 0 : 1);
  }
  report->write.close();
  const std::string problem = read_all(report->read.get());
  const int status = wait_for_child(child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Error{ErrorCode::kUnsupported, problem.empty() ? why_forbidden() : problem};
}

}  // namespace ordeal::env
