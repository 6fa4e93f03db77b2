#pragma once
// Child processes, started without a shell: long-lived ones whose output goes to a log file, optionally in
// another network namespace, and short commands whose output is collected.

#include "common/result.h"
#include "common/time.h"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace ordeal::env {

/// A long-lived child. It is killed with this object, and by the kernel when this process dies.
class Process {
 public:
  struct Options {
    std::string name;                      ///< for messages
    std::vector<std::string> command;      ///< [0] is a path
    std::vector<std::string> environment;  ///< NAME=VALUE, added to this process's own
    std::string log;             ///< standard output and error are appended here; standard input is empty
    int network_namespace = -1;  ///< file descriptor of the one to enter; -1: this process's own
  };

  [[nodiscard]] static Result<Process> start(Options options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] const std::string& log() const { return options_.log; }
  /// How it ended, "exit code 3" or "signal 9"; nothing while it runs. Reaps it.
  [[nodiscard]] std::optional<std::string> ended();
  /// Nothing happens when it has ended.
  void signal(int number);
  /// Waits until it has ended; past the limit it is killed. False when it had to be.
  bool wait(Duration limit);

 private:
  explicit Process(Options options, pid_t pid) : options_(std::move(options)), pid_(pid) {}

  Options options_;
  pid_t pid_ = -1;
  std::optional<std::string> ended_;  ///< set once
};

/// Waits for a child of this process and reaps it; gives waitpid's status.
int wait_for_child(pid_t pid);

/// The last lines of a file, indented, for messages; "(empty)" when there are none.
[[nodiscard]] std::string tail(const std::string& path, std::size_t lines = 12);

struct CommandOutput {
  int exit_code = -1;  ///< 128 + N when signal N ended it
  std::string text;    ///< standard output and error
};
/// Runs a program found in PATH (and /usr/sbin, /sbin) to its end, `input` on its standard input.
/// kNotFound: there is no such program.
[[nodiscard]] Result<CommandOutput> run_command(const std::vector<std::string>& command,
                                                std::string_view input = "", int network_namespace = -1);

/// The path of a program in PATH, /usr/sbin or /sbin.
[[nodiscard]] std::optional<std::string> find_program(std::string_view name);

}  // namespace ordeal::env
