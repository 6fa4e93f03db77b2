// What stays when parts of a run die by kill -9 in the middle of a partition: nothing that could hurt, and a
// history that can be read.

#include "tests/integration/leftovers.h"
#include "tests/support/program.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

namespace ordeal::test {
namespace {

using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kNodes = 3;

/// A run with one long partition, caught while the partition is in force.
class RunInPartition {
 public:
  explicit RunInPartition(const std::string& length) {
    plan_ = store_.write(
        "plan.yaml",
        "version: 1\nname: dead-man\nnodes: 3\ntime_limit: " + length +
            "\nload: {concurrency: 6, rate: 100}\nfaults:\n  events:\n"
            "    - {at: 1s, for: 20s, fault: partition, shape: isolate-one, target: follower}\n");
    run_ = std::make_unique<Program>(
        std::vector<std::string>{"ordeal", "run", "--plan", plan_, "--store", store_.path()});
  }

  [[nodiscard]] bool partitioned() { return run_->wait_for_text("in force: partition", seconds(90)); }
  Program& run() { return *run_; }
  [[nodiscard]] const std::string& store() const { return store_.path(); }
  /// Those of this run alone: other runs on the machine are nobody's business. Without their guardians, which
  /// are children with the same command line.
  [[nodiscard]] std::vector<pid_t> agents() const {
    const std::vector<pid_t> all = processes_with("--token-file " + store());
    std::vector<pid_t> agents;
    for (const pid_t process : all) {
      if (std::find(all.begin(), all.end(), parent_of(process)) == all.end()) agents.push_back(process);
    }
    return agents;
  }

 private:
  TemporaryDirectory store_;
  std::string plan_;
  std::unique_ptr<Program> run_;
};

/// The rules of the network namespace that a descriptor names, as iptables-save and ip6tables-save print
/// them.
std::string rules_in(int network_namespace) {
  std::string text;
  for (const char* program : {"/usr/sbin/iptables-save", "/usr/sbin/ip6tables-save"}) {
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) return "pipe failed";
    const pid_t child = fork();
    if (child == 0) {
      if (setns(network_namespace, CLONE_NEWNET) != 0) _exit(126);
      dup2(out[1], STDOUT_FILENO);
      execl(program, program, nullptr);
      _exit(127);
    }
    close(out[1]);
    char buffer[4096];
    for (ssize_t size = 0; (size = read(out[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(size));
    close(out[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::string(program) + " failed";
  }
  return text;
}

/// A namespace that stays looked at although its processes die.
class HeldNamespace {
 public:
  explicit HeldNamespace(pid_t process)
      : descriptor_(open(("/proc/" + std::to_string(process) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC)) {}
  HeldNamespace(const HeldNamespace&) = delete;
  HeldNamespace& operator=(const HeldNamespace&) = delete;
  HeldNamespace(HeldNamespace&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  HeldNamespace& operator=(HeldNamespace&&) = delete;
  ~HeldNamespace() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  [[nodiscard]] bool has_drop_rule() const { return rules_in(descriptor_).find("DROP") != std::string::npos; }

 private:
  int descriptor_;
};

void expect_readable(const std::string& store) {
  const Finished check = run_program({"ordeal", "check", store + "/latest"});
  EXPECT_THAT(check.exit_code, AnyOf(0, 2)) << check.out << check.err;
  EXPECT_THAT(check.out, HasSubstr("verdict: "));
}

void expect_nothing_left(const std::string& store, const Machine& before) {
  EXPECT_TRUE(eventually(15, [&] { return processes_with(store).empty(); }));
  EXPECT_TRUE(
      eventually(15, [&] { return look_at_machine().network_namespaces == before.network_namespaces; }));
  const Machine after = look_at_machine();
  EXPECT_EQ(before.mounts, after.mounts);
  EXPECT_EQ(before.links, after.links);
}

class DeadMan : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "looking into other processes' namespaces needs root";
  }
};

TEST_F(DeadMan, ControllerKilled) {
  const Machine before = look_at_machine();
  RunInPartition run("2m");
  ASSERT_TRUE(run.partitioned());
  std::vector<HeldNamespace> held;
  for (const pid_t agent : run.agents()) held.emplace_back(agent);
  ASSERT_THAT(held, SizeIs(kNodes));
  run.run().send(SIGKILL);
  run.run().wait(seconds(15));
  EXPECT_TRUE(eventually(15, [&] { return processes_with(run.store()).empty(); }));
  held.clear();
  expect_nothing_left(run.store(), before);
  expect_readable(run.store());
}

TEST_F(DeadMan, OneAgentKilled) {
  const Machine before = look_at_machine();
  RunInPartition run("25s");
  ASSERT_TRUE(run.partitioned());
  pid_t victim = 0;
  std::unique_ptr<HeldNamespace> held;
  for (const pid_t agent : run.agents()) {
    auto candidate = std::make_unique<HeldNamespace>(agent);
    if (candidate->has_drop_rule()) victim = agent, held = std::move(candidate);
  }
  ASSERT_NE(victim, 0) << "no agent holds a rule although the partition is in force";
  kill(victim, SIGKILL);
  EXPECT_TRUE(eventually(15, [&] { return !held->has_drop_rule(); }));
  held.reset();
  const Finished finished = run.run().wait(seconds(180));
  EXPECT_EQ(finished.exit_code, 2) << finished.out << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("agent"));
  expect_nothing_left(run.store(), before);
  expect_readable(run.store());
}

TEST_F(DeadMan, AllAgentsKilled) {
  const Machine before = look_at_machine();
  RunInPartition run("25s");
  ASSERT_TRUE(run.partitioned());
  std::vector<HeldNamespace> held;
  const std::vector<pid_t> agents = run.agents();
  for (const pid_t agent : agents) held.emplace_back(agent);
  for (const pid_t agent : agents) kill(agent, SIGKILL);
  for (const HeldNamespace& space : held) {
    EXPECT_TRUE(eventually(15, [&] { return !space.has_drop_rule(); }));
  }
  held.clear();
  const Finished finished = run.run().wait(seconds(180));
  EXPECT_EQ(finished.exit_code, 2) << finished.out << finished.err;
  expect_nothing_left(run.store(), before);
  expect_readable(run.store());
}

}  // namespace
}  // namespace ordeal::test
