// Private namespaces come, and go without a trace, however the run ends. Processes are told by the namespaces
// that they are in, so that other work on the machine does not disturb.

#include "controller/env/namespaces.h"

#include "controller/env/clocks.h"
#include "controller/env/fd.h"
#include "controller/env/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>

namespace ordeal::env {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kKinds[] = {"net", "pid", "mnt"};

/// "net:[4026531840]" and the like, of one process.
std::string namespace_of(const std::string& pid, const std::string& kind) {
  std::error_code error;
  return fs::read_symlink("/proc/" + pid + "/ns/" + kind, error).string();
}

std::set<std::string> namespaces_in_use() {
  std::set<std::string> all;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    for (const char* kind : kKinds) all.insert(namespace_of(name, kind));
  }
  all.erase("");
  return all;
}

std::string mounts() {
  std::ifstream file("/proc/self/mountinfo");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Pipe {
  Pipe() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    read = Fd(fds[0]);
    write = Fd(fds[1]);
  }
  Fd read;
  Fd write;
};

/// One line; empty at the end.
std::string read_line(const Fd& fd) {
  std::string line;
  for (char c = 0; ::read(fd.get(), &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

void say(const Fd& fd, const std::string& line) {
  const std::string text = line + "\n";
  EXPECT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

/// A run in a child of the test: `inside` reports by lines.
class ChildRun {
 public:
  explicit ChildRun(const std::function<int(const Fd&)>& inside) {
    pid_ = ::fork();
    if (pid_ != 0) {
      pipe_.write.close();
      return;
    }
    pipe_.read.close();
    const auto result = run_in_private_namespaces([&] { return inside(pipe_.write); });
    if (!result.ok()) say(pipe_.write, "error " + result.error().message);
    ::_exit(result.ok() ? *result : 99);
  }
  ~ChildRun() {
    if (!waited_) {
      ::kill(pid_, SIGKILL);
      wait_for_child(pid_);
    }
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string line() const { return read_line(pipe_.read); }
  int wait() {
    waited_ = true;
    return wait_for_child(pid_);
  }

 private:
  Pipe pipe_;
  pid_t pid_ = -1;
  bool waited_ = false;
};

/// Inside: says where it is, leaves an orphan that would live for ever, and stays.
int settle(const Fd& report) {
  if (::fork() == 0) {
    if (::fork() == 0) {
      for (;;) ::pause();
    }
    ::_exit(0);
  }
  std::string where;
  for (const char* kind : kKinds) where += namespace_of("self", kind) + " ";
  say(report, where);
  while (interrupts() < 100) ::poll(nullptr, 0, 1000);
  return 0;
}

std::set<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::set<std::string> result;
  for (std::string word; stream >> word;) result.insert(word);
  return result;
}

bool any_in_use(const std::set<std::string>& names) {
  const auto all = namespaces_in_use();
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return all.contains(name); });
}

/// The kernel takes a moment to tear a namespace down; what is left for good is left after ten seconds too.
bool gone(const std::set<std::string>& names) {
  const MonotonicTime limit = monotonic_now() + seconds(10);
  while (any_in_use(names)) {
    if (monotonic_now() > limit) return false;
    ::poll(nullptr, 0, 10);
  }
  return true;
}

/// A descendant of `pid` as seen from here: init is outer's child, inside is init's.
pid_t first_child(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  pid_t child = 0;
  file >> child;
  return child;
}

class Namespaces : public testing::Test {
 protected:
  void SetUp() override {
    const Status status = try_private_namespaces();
    if (!status.ok()) GTEST_SKIP() << "NOT TESTED, namespaces are forbidden here: " << status.error().message;
  }

  /// Starts a run that stays, and gives the namespaces it is in.
  std::set<std::string> where(const ChildRun& run) {
    const std::set<std::string> names = words(run.line());
    EXPECT_EQ(names.size(), 3u);
    EXPECT_TRUE(any_in_use(names));
    for (const char* kind : kKinds) EXPECT_FALSE(names.contains(namespace_of("self", kind))) << kind;
    return names;
  }
  void expect_no_trace(const std::set<std::string>& names) {
    EXPECT_TRUE(gone(names)) << "a process is left in one of them";
    for (const std::string& name : names)
      EXPECT_EQ(mounts().find(name), std::string::npos) << "mounted: " << name;
  }
};

TEST_F(Namespaces, GiveTheExitCodeOfTheInside) {
  ChildRun run([](const Fd&) { return 7; });
  const int status = run.wait();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(Namespaces, ShowTheInsideOnlyItself) {
  ChildRun run([](const Fd& report) {
    say(report, fs::exists("/proc/1/ns/pid") && fs::exists("/proc/2") ? "own" : "foreign");
    say(report,
        std::to_string(::getpid()) + " " + std::to_string(::getppid()) + " " + std::to_string(::geteuid()));
    return 0;
  });
  EXPECT_EQ(run.line(), "own");
  EXPECT_EQ(run.line(), "2 1 0");
  run.wait();
}

TEST_F(Namespaces, AreGoneWhenTheInsideReturns) {
  ChildRun run([](const Fd& report) {
    std::string line;
    for (const char* kind : kKinds) line += namespace_of("self", kind) + " ";
    if (::fork() == 0) {
      for (;;) ::pause();
    }
    say(report, line);
    return 0;
  });
  const auto names = words(run.line());
  run.wait();
  EXPECT_EQ(names.size(), 3u);
  expect_no_trace(names);
}

TEST_F(Namespaces, AreGoneWhenTheOuterProcessIsKilled) {
  ChildRun run(settle);
  const auto names = where(run);
  ::kill(run.pid(), SIGKILL);
  run.wait();
  expect_no_trace(names);
}

TEST_F(Namespaces, AreGoneWhenTheFirstProcessInThemIsKilled) {
  ChildRun run(settle);
  const auto names = where(run);
  ::kill(first_child(run.pid()), SIGKILL);
  EXPECT_THAT(run.line(), HasSubstr("killed by signal 9"));
  EXPECT_EQ(WEXITSTATUS(run.wait()), 99);
  expect_no_trace(names);
}

TEST_F(Namespaces, AreGoneWhenTheInsideIsKilled) {
  ChildRun run(settle);
  const auto names = where(run);
  ::kill(first_child(first_child(run.pid())), SIGKILL);
  EXPECT_EQ(WEXITSTATUS(run.wait()), 128 + SIGKILL);
  expect_no_trace(names);
}

TEST_F(Namespaces, HandTwoInterruptsOnAndKillAtTheThird) {
  ChildRun run([](const Fd& report) {
    unsigned told = 0;
    say(report, "ready");
    for (;;) {
      ::poll(nullptr, 0, 5);
      for (; told < interrupts(); ++told) say(report, "interrupt");
    }
    return 0;
  });
  EXPECT_EQ(run.line(), "ready");
  ::kill(run.pid(), SIGINT);
  EXPECT_EQ(run.line(), "interrupt");
  ::kill(run.pid(), SIGTERM);
  EXPECT_EQ(run.line(), "interrupt");
  ::kill(run.pid(), SIGINT);
  EXPECT_THAT(run.line(), HasSubstr("killed by signal 9"));
  run.wait();
}

TEST_F(Namespaces, ReapOrphans) {
  ChildRun run([](const Fd& report) {
    const pid_t middle = ::fork();
    if (middle == 0) {
      if (::fork() == 0) ::_exit(0);
      ::_exit(0);
    }
    wait_for_child(middle);
    // Only init and this process are left in the end.
    const MonotonicTime limit = monotonic_now() + seconds(10);
    for (bool alone = false; !alone && monotonic_now() < limit;) {
      alone = true;
      for (pid_t pid = 3; pid < 50; ++pid) alone = alone && !fs::exists("/proc/" + std::to_string(pid));
      if (alone) say(report, "alone");
      ::poll(nullptr, 0, 5);
    }
    return 0;
  });
  EXPECT_EQ(run.line(), "alone");
  run.wait();
}

TEST_F(Namespaces, NeedNoRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "the other tests show it: they do not run as root";
  Pipe report;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(2);
    ::prctl(PR_SET_DUMPABLE,
            1);  // as it is after exec; setuid has cleared it, and /proc/self would be root's
    const auto result = run_in_private_namespaces([] {
      const auto output = run_command({"ip", "link", "add", "ordeal0", "type", "bridge"});
      return output.ok() && output->exit_code == 0 && ::geteuid() == 0 ? 0 : 3;
    });
    say(report.write, result.ok() ? std::to_string(*result) : result.error().message);
    ::_exit(0);
  }
  report.write.close();
  const std::string line = read_line(report.read);
  wait_for_child(child);
  if (line.find("user namespace") != std::string::npos)
    GTEST_SKIP() << "NOT TESTED, forbidden here: " << line;
  EXPECT_EQ(line, "0");
}

TEST_F(Namespaces, SayWhichSettingForbidsThem) {
  Pipe report;
  const pid_t child = ::fork();
  if (child == 0) {
    // A user namespace of its own, in which this setting is its own as well.
    const bool ready = ::unshare(CLONE_NEWUSER) == 0;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 0 1";
    std::ofstream("/proc/self/gid_map") << "0 0 1";
    std::ofstream("/proc/sys/user/max_pid_namespaces") << "0";
    const auto result = run_in_private_namespaces([] { return 0; });
    say(report.write, !ready ? "skip" : result.ok() ? "allowed" : result.error().message);
    ::_exit(0);
  }
  report.write.close();
  const std::string line = read_line(report.read);
  wait_for_child(child);
  if (line == "skip") GTEST_SKIP() << "NOT TESTED, user namespaces are forbidden here";
  EXPECT_THAT(line, HasSubstr("user.max_pid_namespaces is 0"));
  EXPECT_THAT(line, HasSubstr("sysctl user.max_pid_namespaces="));
}

}  // namespace
}  // namespace ordeal::env
