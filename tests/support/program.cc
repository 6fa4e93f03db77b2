#include "tests/support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ordeal::test {
namespace {

using Clock = std::chrono::steady_clock;

std::string resolve(const std::string& name) {
  return name.find('/') == std::string::npos ? std::string(ORDEAL_BINARY_DIR) + '/' + name : name;
}

/// Appends what can be read now; closes the stream at its end.
void drain(int& descriptor, std::string& text) {
  std::array<char, 16384> buffer{};
  const ssize_t size = read(descriptor, buffer.data(), buffer.size());
  if (size > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
    close(descriptor);
    descriptor = -1;
  }
}

}  // namespace

Program::Program(std::vector<std::string> command, std::vector<std::string> environment) {
  command[0] = resolve(command[0]);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("pipe failed");
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    for (std::string& variable : environment) putenv(variable.data());
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  // Here too: whoever kills the group must find it, however late the child runs.
  setpgid(pid_, pid_);
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Program::~Program() {
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) close(out_);
  if (err_ >= 0) close(err_);
}

bool Program::read_some(std::chrono::milliseconds limit) {
  std::array<pollfd, 2> streams = {pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
  if (out_ < 0 && err_ < 0) return false;
  if (poll(streams.data(), streams.size(), static_cast<int>(limit.count())) <= 0) return true;
  if (streams[0].revents != 0) drain(out_, finished_.out);
  if (streams[1].revents != 0) drain(err_, finished_.err);
  return out_ >= 0 || err_ >= 0;
}

bool Program::wait_for_text(const std::string& text, std::chrono::seconds limit) {
  const auto deadline = Clock::now() + limit;
  while (finished_.out.find(text) == std::string::npos && finished_.err.find(text) == std::string::npos) {
    if (Clock::now() > deadline || !read_some(std::chrono::milliseconds(100))) return false;
  }
  return true;
}

void Program::send(int signal) const {
  kill(pid_, signal);
}

Finished Program::wait(std::chrono::seconds limit) {
  const auto deadline = Clock::now() + limit;
  int status = 0;
  while (true) {
    const bool open = read_some(std::chrono::milliseconds(100));
    if (waitpid(pid_, &status, WNOHANG) == pid_) break;
    if (!open) poll(nullptr, 0, 20);  // It closed its streams and goes on.
    if (Clock::now() > deadline) {
      finished_.timed_out = true;
      kill(-pid_, SIGKILL);
      waitpid(pid_, &status, 0);
      break;
    }
  }
  // What it wrote last is still in the pipes; a grandchild may hold them open, so this does not wait for
  // their end.
  for (int i = 0; i < 1000 && read_some(std::chrono::milliseconds(0)); ++i) {
  }
  pid_ = -1;
  if (WIFEXITED(status) && !finished_.timed_out) finished_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished_.signal = WTERMSIG(status);
  return finished_;
}

Finished run_program(std::vector<std::string> command, std::chrono::seconds limit,
                     std::vector<std::string> environment) {
  return Program(std::move(command), std::move(environment)).wait(limit);
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "ordeal-test-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // Ignored: a temporary directory that stays behind harms nothing.
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& content) const {
  std::string path = path_ + '/' + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace ordeal::test
