#pragma once
// A program under test as a child process: started without a shell, output collected, killed with its group
// when the object goes and by the kernel when the test itself dies.

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::test {

struct Finished {
  int exit_code = -1;  ///< -1: ended by a signal or by the time limit
  int signal = 0;
  bool timed_out = false;
  std::string out;
  std::string err;
};

class Program {
 public:
  /// Starts it in a process group of its own. `command[0]` is a path, or a name of one of our programs.
  explicit Program(std::vector<std::string> command, std::vector<std::string> environment = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Reads until the text has appeared on standard output or error. False when it ended, or the limit passed,
  /// first.
  [[nodiscard]] bool wait_for_text(const std::string& text, std::chrono::seconds limit);
  void send(int signal) const;
  /// Waits for its end; past the limit it is killed and `timed_out` is set.
  Finished wait(std::chrono::seconds limit);

 private:
  /// Reads what is there, waiting at most so long. False when both streams have ended.
  bool read_some(std::chrono::milliseconds limit);

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Finished finished_;
};

/// Runs to the end.
Finished run_program(std::vector<std::string> command, std::chrono::seconds limit = std::chrono::seconds(60),
                     std::vector<std::string> environment = {});

/// Its bytes; empty when it cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);

/// A directory that is removed with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Writes a file in it and gives its path.
  [[nodiscard]] std::string write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

}  // namespace ordeal::test
