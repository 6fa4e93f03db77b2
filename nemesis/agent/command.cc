#include "nemesis/agent/command.h"

#include "nemesis/agent/clock.h"
#include "nemesis/agent/fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ordeal::agent {
namespace {

constexpr std::size_t kOutputSizeMax = 4 * 1024 * 1024;
constexpr std::size_t kErrorTextMax = 600;

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return Error{ErrorCode::kResourceExhausted, fmt::format("cannot make a pipe: {}", std::strerror(errno))};
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

/// The child of one run_command: its pid is reaped when this object goes, whatever happened.
class Child {
 public:
  Child(pid_t pid, Fd input, Fd out, Fd err)
      : pid_(pid), input_(std::move(input)), out_(std::move(out)), err_(std::move(err)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  /// Feeds and drains until both outputs have ended. False when the limit passed first.
  bool converse(std::string_view input, Duration limit) {
    const MonotonicTime end = monotonic_now() + limit;
    if (input.empty()) input_.close();
    while (out_.is_open() || err_.is_open()) {
      const std::int64_t left_ms = (end - monotonic_now()).ms();
      if (left_ms <= 0) return false;
      std::array<pollfd, 3> polled{
          {{input_.get(), POLLOUT, 0}, {out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}}};
      if (poll(polled.data(), polled.size(), static_cast<int>(left_ms)) <= 0) continue;
      if (polled[0].revents != 0) feed(input);
      if (polled[1].revents != 0) drain(out_, output.out);
      if (polled[2].revents != 0) drain(err_, output.err);
    }
    return true;
  }

  /// The wait status. Requires: converse() gave true; the program has closed its outputs and is about to end.
  int reap() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  CommandOutput output;

 private:
  void feed(std::string_view& input) {
    const ssize_t written = write(input_.get(), input.data(), input.size());
    if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
    // A program that does not read its input says so by its exit code.
    if (input.empty() || (written < 0 && errno != EINTR && errno != EAGAIN)) input_.close();
  }
  static void drain(Fd& from, std::string& to) {
    std::array<char, 16384> buffer{};
    const ssize_t got = read(from.get(), buffer.data(), buffer.size());
    if (got > 0 && to.size() < kOutputSizeMax) to.append(buffer.data(), static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) from.close();
  }

  pid_t pid_;
  Fd input_;
  Fd out_;
  Fd err_;
};

struct SpawnSettings {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};

  SpawnSettings(const Pipe& input, const Pipe& out, const Pipe& err) {
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, input.read.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out.write.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, err.write.get(), STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

std::string one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() > kErrorTextMax) text = text.substr(0, kErrorTextMax) + "...";
  return text;
}

Error failure(const std::string& name, int status, const CommandOutput& output) {
  const std::string end = WIFSIGNALED(status) ? fmt::format("was killed by signal {}", WTERMSIG(status))
                                              : fmt::format("failed with exit code {}", WEXITSTATUS(status));
  return {ErrorCode::kInternal, fmt::format("{} {}: {}", name, end, one_line(output.err))};
}

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  std::string_view rest = path == nullptr ? "" : path;
  const std::string searched = std::string(rest) + ":/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin";
  rest = searched;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string candidate = fmt::format("{}/{}", rest.substr(0, end), name);
    if (end > 0 && access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return "";
}

Result<CommandOutput> run_command(const std::vector<std::string>& command, std::string_view input,
                                  Duration limit) {
  ORDEAL_CHECK(!command.empty());
  const std::string path = find_program(command[0]);
  if (path.empty())
    return Error{ErrorCode::kUnsupported, fmt::format("the program {} is not installed", command[0])};
  auto in = make_pipe();
  if (!in) return in.error();
  auto out = make_pipe();
  if (!out) return out.error();
  auto err = make_pipe();
  if (!err) return err.error();

  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::array<const char*, 3> environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", nullptr};
  const SpawnSettings settings(*in, *out, *err);
  pid_t pid = -1;
  const int spawned = posix_spawn(&pid, path.c_str(), &settings.files, &settings.attributes, arguments.data(),
                                  const_cast<char**>(environment.data()));
  if (spawned != 0)
    return Error{ErrorCode::kInternal, fmt::format("cannot start {}: {}", path, std::strerror(spawned))};
  in->read.close();
  out->write.close();
  err->write.close();
  // The input is ours alone from here; a full pipe must not block the time limit.
  fcntl(in->write.get(), F_SETFL, O_NONBLOCK);

  Child child(pid, std::move(in->write), std::move(out->read), std::move(err->read));
  if (!child.converse(input, limit))
    return Error{ErrorCode::kInternal, fmt::format("{} did not end within {} and was killed: {}", command[0],
                                                   to_text(limit), one_line(child.output.err))};
  const int status = child.reap();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return failure(command[0], status, child.output);
  return std::move(child.output);
}

}  // namespace ordeal::agent
