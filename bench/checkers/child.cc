#include "bench/checkers/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "bench/checkers/stopwatch.h"

extern char** environ;

namespace ordeal::bench {
namespace {

Error trouble(std::string message) {
  return Error{ErrorCode::kInternal, std::move(message)};
}

/// The child's number, or an error. Its standard output is `output`.
Result<pid_t> start(const std::vector<std::string>& command, int output, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return trouble(fmt::format("{}: {}", command[0], std::strerror(failed)));
  return child;
}

/// Reads until the end; false when that did not come in time.
bool read_all(int input, const Stopwatch& running, double seconds_max, std::string& text) {
  std::array<char, 65536> buffer{};
  while (true) {
    const double left = seconds_max - running.seconds();
    if (left <= 0) return false;
    pollfd waited{.fd = input, .events = POLLIN, .revents = 0};
    if (poll(&waited, 1, static_cast<int>(std::min(left, 60.0) * 1000) + 1) <= 0) continue;
    const ssize_t size = read(input, buffer.data(), buffer.size());
    if (size <= 0) return true;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

Result<Finished> run_program(const std::vector<std::string>& command, double seconds_max,
                             const std::string& log) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return trouble("no pipe is left");
  const Stopwatch running;
  const Result<pid_t> child = start(command, pipe_ends[1], log);
  close(pipe_ends[1]);
  if (!child.ok()) return close(pipe_ends[0]), child.error();
  Finished finished;
  const bool in_time = read_all(pipe_ends[0], running, seconds_max, finished.output);
  if (!in_time) kill(*child, SIGKILL);
  close(pipe_ends[0]);
  int status = 0;
  rusage usage{};
  if (wait4(*child, &status, 0, &usage) < 0) return trouble("the program was lost");
  finished.seconds = running.seconds();
  finished.peak_mb = static_cast<double>(usage.ru_maxrss) / 1024;
  if (!in_time) return trouble(fmt::format("no answer in {:.0f} s", seconds_max));
  if (WIFSIGNALED(status)) return trouble(fmt::format("ended by signal {}", WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return trouble(fmt::format("ended with exit code {}", WEXITSTATUS(status)));
  return finished;
}

}  // namespace ordeal::bench
