#include "node/host/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

namespace ordeal::host {
namespace {

// After SIGTERM the replica has so long to stop by itself.
constexpr time_t kStopSeconds = 10;

class Supervisor {
 public:
  Supervisor(std::vector<std::string> arguments, std::string pid_file)
      : arguments_(std::move(arguments)), pid_file_(std::move(pid_file)) {
    note_.supervisor = getpid();
    note_.incarnation = read_incarnation(pid_file_);
  }

  int run() {
    sigemptyset(&signals_);
    for (const int signal : {SIGCHLD, SIGUSR1, SIGTERM, SIGINT}) sigaddset(&signals_, signal);
    sigprocmask(SIG_BLOCK, &signals_, &signals_before_);
    start();
    while (!failed_) {
      const int signal = next_signal();
      if (stale_) write_note();
      if (signal == SIGCHLD) reap();
      if (signal == SIGUSR1) {
        reap();  // SIGUSR1 is delivered before SIGCHLD when both wait
        start();
      }
      if (signal == SIGTERM || signal == SIGINT) return stop();
    }
    stop();
    return 255;
  }

 private:
  /// 0: it is time to write the note again.
  int next_signal() {
    if (!stale_) return sigwaitinfo(&signals_, nullptr);
    const timespec again{1, 0};
    return std::max(0, sigtimedwait(&signals_, nullptr, &again));
  }

  void start() {
    if (note_.replica != 0) return;
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) {
      spdlog::error("cannot start the replica: {}", std::strerror(errno));
      return;
    }
    if (child == 0) become_replica(parent);
    note_.replica = child;
    ++note_.incarnation;
    write_note();
    spdlog::info("replica {} started, incarnation {}", child, note_.incarnation);
  }

  [[noreturn]] void become_replica(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The supervisor may have died before that line.
    if (getppid() != parent) _exit(1);
    sigprocmask(SIG_SETMASK, &signals_before_, nullptr);
    std::vector<char*> argv;
    for (std::string& argument : arguments_) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv("/proc/self/exe", argv.data());
    _exit(127);
  }

  void reap() {
    int status = 0;
    if (note_.replica == 0 || waitpid(static_cast<pid_t>(note_.replica), &status, WNOHANG) <= 0) return;
    const std::string how = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                                : fmt::format("exit code {}", WEXITSTATUS(status));
    spdlog::info("replica {} ended with {}", note_.replica, how);
    note_.replica = 0;
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
      note_.ended = note_.incarnation;
      note_.how = how;
    }
    write_note();
  }

  int stop() {
    if (note_.replica != 0) {
      kill(static_cast<pid_t>(note_.replica), SIGTERM);
      // A paused replica takes no SIGTERM.
      kill(static_cast<pid_t>(note_.replica), SIGCONT);
      wait_for_end();
    }
    return 0;
  }

  void wait_for_end() {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    const timespec limit{kStopSeconds, 0};
    reap();
    while (note_.replica != 0) {
      if (sigtimedwait(&child, nullptr, &limit) < 0 && errno == EAGAIN) {
        spdlog::warn("replica {} does not stop; it is killed", note_.replica);
        kill(static_cast<pid_t>(note_.replica), SIGKILL);
      }
      reap();
    }
  }

  void write_note() {
    const Status status = write_pid_note(pid_file_, note_);
    if (status.ok()) {
      noted_ = true;
      stale_ = false;
    } else if (!noted_) {
      spdlog::critical(status.error().message);
      failed_ = true;
    } else {
      // A full disk must not end what brings the replica back when there is space again.
      if (!stale_) spdlog::error("{}; trying again every second", status.error().message);
      stale_ = true;
    }
  }

  std::vector<std::string> arguments_;
  std::string pid_file_;
  PidNote note_;
  sigset_t signals_{};
  sigset_t signals_before_{};
  bool noted_ = false;  ///< the file could be written once
  bool stale_ = false;  ///< it does not hold the note
  bool failed_ = false;
};

}  // namespace

int run_supervisor(const std::vector<std::string>& arguments, const std::string& pid_file) {
  return Supervisor(arguments, pid_file).run();
}

std::vector<std::string> replica_arguments(int argc, const char* const* argv) {
  constexpr std::string_view kPidFile = "--pid-file";
  std::vector<std::string> arguments;
  for (int i = 0; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (i > 0 && argument == "--supervised") continue;
    if (i > 0 && argument == kPidFile) {
      ++i;
      continue;
    }
    if (i > 0 && argument.starts_with("--pid-file=")) continue;
    arguments.emplace_back(argument);
  }
  return arguments;
}

std::string print_pid_note(const PidNote& note) {
  return fmt::format(
      "{{\"supervisor\": {}, \"replica\": {}, \"incarnation\": {}, \"ended\": {}, \"how\": \"{}\"}}\n",
      note.supervisor, note.replica, note.incarnation, note.ended, note.how);
}

Status write_pid_note(const std::string& file, const PidNote& note) {
  const std::string fresh = file + ".new";
  std::ofstream stream(fresh, std::ios::trunc);
  stream << print_pid_note(note);
  stream.close();
  if (stream && rename(fresh.c_str(), file.c_str()) == 0) return {};
  const int why = errno;
  unlink(fresh.c_str());  // a half-written one would take the space that is missing
  return Error{ErrorCode::kPermissionDenied,
               fmt::format("--pid-file: cannot write {}: {}", file, std::strerror(why))};
}

std::uint64_t read_incarnation(const std::string& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(text.str(), error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  const boost::json::value* incarnation = object != nullptr ? object->if_contains("incarnation") : nullptr;
  if (incarnation == nullptr || !incarnation->is_int64() || incarnation->get_int64() < 0) return 0;
  return static_cast<std::uint64_t>(incarnation->get_int64());
}

}  // namespace ordeal::host
