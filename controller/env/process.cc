#include "controller/env/process.h"

#include "controller/env/clocks.h"
#include "controller/env/fd.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <utility>

namespace ordeal::env {
namespace {

constexpr int kCannotExec = 127;
constexpr int kCannotEnter = 126;

/// argv or envp: pointers into `texts`, null at the end.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> full_environment(const std::vector<std::string>& more) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) result.emplace_back(*entry);
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

struct ChildPlan {
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  int in = -1;
  int out = -1;
  int network_namespace = -1;
};

/// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const ChildPlan& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(signal, SIG_DFL);
  if (plan.network_namespace >= 0 && ::setns(plan.network_namespace, CLONE_NEWNET) != 0)
    ::_exit(kCannotEnter);
  if (::dup2(plan.in, STDIN_FILENO) < 0 || ::dup2(plan.out, STDOUT_FILENO) < 0 ||
      ::dup2(plan.out, STDERR_FILENO) < 0)
    ::_exit(kCannotEnter);
  ::execve(plan.argv[0], plan.argv, plan.envp);
  ::_exit(kCannotExec);
}

std::string end_text(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  if (code == kCannotExec) return "exit code 127: it could not be executed";
  return fmt::format("exit code {}", code);
}

/// Feeds the input and collects the output until the child closes its end.
std::string exchange(Fd writer, int out, std::string_view input) {
  std::string text;
  if (input.empty()) writer.close();
  std::array<char, 4096> buffer{};
  for (;;) {
    std::array<pollfd, 2> fds{pollfd{out, POLLIN, 0}, pollfd{writer.get(), POLLOUT, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return text;
    }
    if (writer.open() && fds[1].revents != 0) {
      const ssize_t n = ::write(writer.get(), input.data(), input.size());
      if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
      if ((n < 0 && errno != EINTR) || input.empty()) writer.close();
    }
    if (fds[0].revents != 0) {
      const ssize_t n = ::read(out, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }
}

}  // namespace

Result<Process> Process::start(Options options) {
  ORDEAL_CHECK(!options.command.empty());
  if (::access(options.command[0].c_str(), X_OK) != 0)
    return Error{ErrorCode::kNotFound,
                 fmt::format("cannot run {}: {}; build it (target {}) or name the folder of the programs",
                             options.command[0], std::strerror(errno),
                             options.command[0].substr(options.command[0].rfind('/') + 1))};
  const Fd in(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd out(::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!in.open() || !out.open())
    return Error{ErrorCode::kPermissionDenied,
                 fmt::format("cannot write {}: {}; choose another directory for the run", options.log,
                             std::strerror(errno))};
  const auto argv = pointers(options.command);
  const auto environment = full_environment(options.environment);
  const auto envp = pointers(environment);
  const ChildPlan plan{argv.data(), envp.data(), in.get(), out.get(), options.network_namespace};
  const pid_t pid = ::fork();
  if (pid < 0)
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("cannot start {}: {}; raise `ulimit -u`", options.name, std::strerror(errno))};
  if (pid == 0) become(plan);
  return Process(std::move(options), pid);
}

Process::Process(Process&& other) noexcept
    : options_(std::move(other.options_)),
      pid_(std::exchange(other.pid_, -1)),
      ended_(std::move(other.ended_)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(options_, other.options_);
  std::swap(pid_, other.pid_);
  std::swap(ended_, other.ended_);
  return *this;
}

Process::~Process() {
  if (pid_ < 0 || ended_) return;
  signal(SIGKILL);
  wait(seconds(5));
}

std::optional<std::string> Process::ended() {
  if (ended_ || pid_ < 0) return ended_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) ended_ = end_text(status);
  return ended_;
}

void Process::signal(int number) {
  // Not reaped yet, so that the number cannot belong to another process by now.
  if (pid_ > 0 && !ended_) ::kill(pid_, number);
}

bool Process::wait(Duration limit) {
  const MonotonicTime deadline = monotonic_now() + limit;
  while (!ended()) {
    if (monotonic_now() >= deadline) {
      signal(SIGKILL);
      ended_ = end_text(wait_for_child(pid_));
      return false;
    }
    ::poll(nullptr, 0, 5);
  }
  return true;
}

int wait_for_child(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string tail(const std::string& path, std::size_t lines) {
  std::ifstream file(path);
  std::deque<std::string> last;
  for (std::string line; std::getline(file, line);) {
    last.push_back(std::move(line));
    if (last.size() > lines) last.pop_front();
  }
  if (last.empty()) return "    (empty)";
  std::string text;
  for (const std::string& line : last) text += (text.empty() ? "    " : "\n    ") + line;
  return text;
}

std::optional<std::string> find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string folders = fmt::format("{}:/usr/sbin:/sbin:/usr/bin:/bin", path != nullptr ? path : "");
  for (std::size_t begin = 0; begin < folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string candidate = fmt::format("{}/{}", folders.substr(begin, end - begin), name);
    if (end > begin && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return std::nullopt;
}

Result<CommandOutput> run_command(const std::vector<std::string>& command, std::string_view input,
                                  int network_namespace) {
  ORDEAL_CHECK(!command.empty());
  std::vector<std::string> full = command;
  if (full[0].find('/') == std::string::npos) {
    const auto found = find_program(full[0]);
    if (!found) return Error{ErrorCode::kNotFound, fmt::format("there is no program {}", full[0])};
    full[0] = *found;
  }
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0)
    return Error{ErrorCode::kResourceExhausted, "cannot make a pipe: raise `ulimit -n`"};
  const Fd in_read(in[0]);
  Fd in_write(in[1]);
  if (::pipe2(out.data(), O_CLOEXEC) != 0)
    return Error{ErrorCode::kResourceExhausted, "cannot make a pipe: raise `ulimit -n`"};
  const Fd out_read(out[0]);
  Fd out_write(out[1]);
  const auto argv = pointers(full);
  const ChildPlan plan{argv.data(), environ, in_read.get(), out_write.get(), network_namespace};
  const pid_t pid = ::fork();
  if (pid < 0)
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("cannot start {}: {}; raise `ulimit -u`", full[0], std::strerror(errno))};
  if (pid == 0) become(plan);
  out_write.close();
  CommandOutput output;
  output.text = exchange(std::move(in_write), out_read.get(), input);
  const int status = wait_for_child(pid);
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return output;
}

}  // namespace ordeal::env
