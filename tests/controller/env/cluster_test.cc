// A real cluster of three nodes with their agents, in private namespaces: faults are carried out and seen,
// and a whole run is driven. Each test is a child process, since namespaces cannot be left again.

#include "common/history.h"
#include "controller/env/agents.h"
#include "controller/env/clocks.h"
#include "controller/env/driver.h"
#include "controller/env/local.h"
#include "controller/env/namespaces.h"
#include "controller/run/parts.h"
#include "tests/support/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

namespace ordeal::env {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

const NodeId kN1(1);
const NodeId kN2(2);
const NodeId kN3(3);

class Cluster3 : public testing::Test {
 protected:
  void SetUp() override {
    const Status status = try_private_namespaces();
    if (!status.ok()) GTEST_SKIP() << "NOT TESTED, namespaces are forbidden here: " << status.error().message;
  }

  LocalCluster::Options options() const {
    LocalCluster::Options result;
    result.nodes = 3;
    result.log_directory = directory_.path();
    result.data_directory = directory_.path() + "/data";
    result.programs = ORDEAL_BINARY_DIR;
    return result;
  }

  /// Runs the story in private namespaces; its failed expectations fail this test.
  void inside(const std::function<void()>& story) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto result = run_in_private_namespaces([&] {
        story();
        return HasFailure() ? 1 : 0;
      });
      ::_exit(result.ok() ? *result : 99);
    }
    const int status = wait_for_child(child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see the failures above; logs:\n" << logs();
  }

  void with_cluster(const std::function<void(LocalCluster&)>& story) const {
    inside([&] {
      auto cluster = LocalCluster::start(options());
      ASSERT_TRUE(cluster.ok()) << cluster.error().message;
      story(**cluster);
      EXPECT_THAT((*cluster)->stop(), IsEmpty());
      EXPECT_FALSE(fs::exists(options().data_directory));
    });
  }

  std::string logs() const {
    std::string text;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      if (entry.path().extension() == ".log")
        text += entry.path().string() + ":\n" + tail(entry.path()) + "\n";
    }
    return text;
  }

  test::TemporaryDirectory directory_;
};

/// The agents, asked one thing after the other.
class Operator {
 public:
  explicit Operator(LocalCluster& cluster)
      : agents_(cluster.endpoints(), cluster.token(), transport_,
                {[this](EnvironmentResult result) { result_ = std::move(result); },
                 [this](Trouble trouble) { trouble_ = std::move(trouble); }}) {}

  EnvironmentResult ask(decltype(EnvironmentRequest::verb) verb) {
    result_.reset();
    agents_.request({++last_, std::move(verb)});
    run_until([this] { return result_.has_value(); });
    const EnvironmentResult result = result_.value_or(EnvironmentResult{});
    EXPECT_EQ(result.id, last_) << "no result, or that of another request";
    return result;
  }

  void run_until(const std::function<bool()>& done, Duration limit = seconds(30)) {
    const MonotonicTime end = monotonic_now() + limit;
    while (!done() && monotonic_now() < end) {
      agents_.run_due(monotonic_now());
      transport_.wait(std::min(end, agents_.next_due().value_or(end)));
    }
  }

  [[nodiscard]] const std::optional<Trouble>& trouble() const { return trouble_; }

 private:
  Transport transport_;
  std::optional<EnvironmentResult> result_;
  std::optional<Trouble> trouble_;
  EnvironmentRequestId last_;
  Agents agents_;
};

void expect_verified(const EnvironmentResult& result) {
  EXPECT_EQ(result.outcome, EnvironmentOutcome::kVerified) << result.reason;
  EXPECT_LE(result.earliest, result.latest);
}

std::string text_of(const EnvironmentResult& result, std::string_view key) {
  const Value* value = result.measured.find(key);
  return value == nullptr ? "missing" : to_text(*value);
}

TEST_F(Cluster3, CutsAndHealsOneDirection) {
  with_cluster([](LocalCluster& cluster) {
    Operator op(cluster);
    const FaultId fault(1);
    const EnvironmentResult applied = op.ask(ApplyFault{fault, PartitionFault{{{kN1, kN2}}}});
    expect_verified(applied);
    EXPECT_EQ(text_of(applied, "pairs"), "6");
    EXPECT_EQ(text_of(applied, "cut"), to_text(Value(Value::List{Value::List{"n1", "n2"}})));
    expect_verified(op.ask(ProbeFault{fault}));
    const EnvironmentResult removed = op.ask(RemoveFault{fault});
    expect_verified(removed);
    EXPECT_EQ(text_of(removed, "cut"), to_text(Value(Value::List{})));
    expect_verified(op.ask(RemoveFault{fault}));  // idempotent
    expect_verified(op.ask(HealAll{}));
  });
}

TEST_F(Cluster3, KeepsAPartitionWhenAnotherGoes) {
  with_cluster([](LocalCluster& cluster) {
    Operator op(cluster);
    expect_verified(op.ask(ApplyFault{FaultId(1), PartitionFault{{{kN1, kN2}, {kN1, kN3}}}}));
    expect_verified(op.ask(ApplyFault{FaultId(2), PartitionFault{{{kN1, kN2}, {kN2, kN1}}}}));
    expect_verified(op.ask(RemoveFault{FaultId(2)}));
    expect_verified(op.ask(ProbeFault{FaultId(1)}));
    expect_verified(op.ask(HealAll{}));
  });
}

TEST_F(Cluster3, KillsAndStartsAgain) {
  with_cluster([](LocalCluster& cluster) {
    Operator op(cluster);
    const EnvironmentResult killed = op.ask(ApplyFault{FaultId(1), KillFault{{kN2, kN3}}});
    expect_verified(killed);
    EXPECT_THAT(text_of(killed, "n2"), HasSubstr("alive: false"));
    const EnvironmentResult removed = op.ask(RemoveFault{FaultId(1)});
    expect_verified(removed);
    EXPECT_THAT(text_of(removed, "n3"), HasSubstr("incarnation: 2"));
    expect_verified(op.ask(HealAll{}));
  });
}

TEST_F(Cluster3, PausesAndResumes) {
  with_cluster([](LocalCluster& cluster) {
    Operator op(cluster);
    const EnvironmentResult paused = op.ask(ApplyFault{FaultId(1), PauseFault{{kN1}}});
    expect_verified(paused);
    EXPECT_THAT(text_of(paused, "n1"), HasSubstr("stopped: true"));
    expect_verified(op.ask(RemoveFault{FaultId(1)}));
    expect_verified(op.ask(HealAll{}));
  });
}

TEST_F(Cluster3, HealsEverythingAtOnce) {
  with_cluster([](LocalCluster& cluster) {
    Operator op(cluster);
    expect_verified(op.ask(ApplyFault{FaultId(1), PartitionFault{{{kN1, kN2}, {kN2, kN1}}}}));
    expect_verified(op.ask(ApplyFault{FaultId(2), KillFault{{kN3}}}));
    expect_verified(op.ask(ApplyFault{FaultId(3), PauseFault{{kN1}}}));
    expect_verified(op.ask(HealAll{}));
    EXPECT_EQ(op.ask(ProbeFault{FaultId(1)}).outcome, EnvironmentOutcome::kUnverified);
  });
}

TEST_F(Cluster3, HandsLeadershipOverOnce) {
  with_cluster([](LocalCluster& cluster) {
    Operator op(cluster);
    expect_verified(op.ask(HealAll{}));  // Now there is a leader.
    // To one and then to the other: one of these at least leads at another's word.
    FaultId fault(0);
    for (const NodeId target : {kN1, kN2}) {
      fault = fault + 1;
      const EnvironmentResult moved = op.ask(ApplyFault{fault, TransferFault{target}});
      expect_verified(moved);
      EXPECT_EQ(text_of(moved, "leader"), to_text(Value(node_name(target))));
      expect_verified(op.ask(ProbeFault{fault}));
      expect_verified(op.ask(RemoveFault{fault}));
    }
    // Who leads has what is asked for.
    expect_verified(op.ask(ApplyFault{fault + 1, TransferFault{kN2}}));
    expect_verified(op.ask(RemoveFault{fault + 1}));
    expect_verified(op.ask(HealAll{}));
  });
}

TEST_F(Cluster3, ChangesMembersAsAllFaultsTogetherWantThem) {
  with_cluster([](LocalCluster& cluster) {
    const std::string everybody = to_text(Value(Value::List{"n1", "n2", "n3"}));
    Operator op(cluster);
    const EnvironmentResult removed = op.ask(ApplyFault{FaultId(1), MembersFault{{kN1, kN2}, {}}});
    expect_verified(removed);
    EXPECT_EQ(text_of(removed, "voters"), to_text(Value(Value::List{"n1", "n2"})));
    const EnvironmentResult both = op.ask(ApplyFault{FaultId(2), MembersFault{{kN2, kN3}, {kN1}}});
    expect_verified(both);
    EXPECT_EQ(text_of(both, "voters"), to_text(Value(Value::List{"n2"})));
    EXPECT_EQ(text_of(both, "learners"), to_text(Value(Value::List{"n1"})));
    const EnvironmentResult nobody = op.ask(ApplyFault{FaultId(3), MembersFault{{kN1, kN3}, {kN2}}});
    EXPECT_EQ(nobody.outcome, EnvironmentOutcome::kDeclined);
    EXPECT_THAT(nobody.reason, HasSubstr("no voter would be left"));
    expect_verified(op.ask(RemoveFault{FaultId(3)}));
    const EnvironmentResult one_left = op.ask(RemoveFault{FaultId(1)});
    expect_verified(one_left);
    EXPECT_EQ(text_of(one_left, "voters"), to_text(Value(Value::List{"n2", "n3"})));
    const EnvironmentResult none_left = op.ask(RemoveFault{FaultId(2)});
    expect_verified(none_left);
    EXPECT_EQ(text_of(none_left, "voters"), everybody);
    expect_verified(op.ask(RemoveFault{FaultId(2)}));  // idempotent
    EXPECT_TRUE(cluster.deaths().empty()) << "a removed node goes on running";
  });
}

TEST_F(Cluster3, TheLastHealBringsTheMembersBack) {
  with_cluster([](LocalCluster& cluster) {
    Operator op(cluster);
    expect_verified(op.ask(ApplyFault{FaultId(1), MembersFault{{kN3}, {kN1}}}));
    expect_verified(op.ask(HealAll{}));
    // Nobody but a voter may take over.
    expect_verified(op.ask(ApplyFault{FaultId(2), TransferFault{kN1}}));
  });
}

/// In the private PID namespace every process with this command line is one of ours.
pid_t find_process(const std::string& program, const std::string& node, const std::string& without = "\n") {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    std::string line{std::istreambuf_iterator<char>(file), {}};
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (line.find("/" + program + " ") != std::string::npos &&
        line.find(" " + node + " ") != std::string::npos && line.find(without) == std::string::npos)
      return std::stoi(entry.path().filename());
  }
  return 0;
}

TEST_F(Cluster3, NoticesAnAgentThatWasKilled) {
  with_cluster([](LocalCluster& cluster) {
    EXPECT_THAT(cluster.deaths(), IsEmpty());
    Operator op(cluster);
    const pid_t agent = find_process("ordeal-agent", "--node n2");
    ASSERT_GT(agent, 0);
    ::kill(agent, SIGKILL);
    op.run_until([&] { return op.trouble().has_value(); });
    ASSERT_TRUE(op.trouble().has_value());
    EXPECT_EQ(op.trouble()->node, kN2);
    const auto deaths = cluster.deaths();
    ASSERT_EQ(deaths.size(), 1u);
    EXPECT_EQ(deaths[0].node, kN2);
    EXPECT_THAT(deaths[0].reason, HasSubstr("signal 9"));
    EXPECT_THAT(cluster.deaths(), IsEmpty());
    EXPECT_EQ(op.ask(ApplyFault{FaultId(1), KillFault{{kN2}}}).outcome, EnvironmentOutcome::kFailed);
  });
}

TEST_F(Cluster3, NoticesAFaultThatLetGoByItself) {
  with_cluster([](LocalCluster& cluster) {
    Operator op(cluster);
    expect_verified(op.ask(ApplyFault{FaultId(1), PauseFault{{kN2}}}));
    const pid_t replica = find_process("ordeal-node", "--id n2", "--supervised");
    ASSERT_GT(replica, 0);
    ::kill(replica, SIGCONT);
    op.run_until([&] { return op.trouble().has_value(); });
    ASSERT_TRUE(op.trouble().has_value());
    EXPECT_EQ(op.trouble()->node, kN2);
    EXPECT_THAT(op.trouble()->what, HasSubstr("fault f1 (pause) let go before its time: failed"));
  });
}

TEST_F(Cluster3, NoticesAReplicaThatEndedByItself) {
  with_cluster([](LocalCluster& cluster) {
    Operator op(cluster);
    expect_verified(op.ask(ApplyFault{FaultId(1), KillFault{{kN2}}}));
    expect_verified(op.ask(RemoveFault{FaultId(1)}));
    EXPECT_THAT(cluster.deaths(), IsEmpty()) << "a replica that is killed did not end by itself";
    const pid_t replica = find_process("ordeal-node", "--id n2", "--supervised");
    ASSERT_GT(replica, 0);
    ::kill(replica, SIGSEGV);
    std::vector<Cluster::Death> deaths;
    op.run_until([&] { return !(deaths = cluster.deaths()).empty(); });
    ASSERT_EQ(deaths.size(), 1u);
    EXPECT_EQ(deaths[0].node, kN2);
    EXPECT_THAT(deaths[0].reason, HasSubstr("the replica ended by itself with signal 11"));
    EXPECT_THAT(cluster.deaths(), IsEmpty());
  });
}

/// Processes, as seen from outside, whose command line names this directory.
int processes_naming(const std::string& directory) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    count += line.find(directory) != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST_F(Cluster3, IsGoneWhenTheOuterProcessIsKilled) {
  const std::string ready = directory_.path() + "/ready";
  const pid_t outer = ::fork();
  if (outer == 0) {
    const auto ended = run_in_private_namespaces([&] {
      const auto cluster = LocalCluster::start(options());
      if (!cluster.ok()) return 1;
      std::ofstream(ready) << "yes";
      for (;;) ::pause();
    });
    ::_exit(ended.ok() ? *ended : 99);
  }
  const MonotonicTime limit = monotonic_now() + seconds(40);
  while (!fs::exists(ready) && monotonic_now() < limit) ::poll(nullptr, 0, 20);
  ASSERT_TRUE(fs::exists(ready)) << logs();
  EXPECT_GE(processes_naming(directory_.path()), 9);  // three supervisors, three replicas, three agents
  ::kill(outer, SIGKILL);
  wait_for_child(outer);
  while (processes_naming(directory_.path()) > 0 && monotonic_now() < limit) ::poll(nullptr, 0, 20);
  EXPECT_EQ(processes_naming(directory_.path()), 0);
}

TEST_F(Cluster3, ShowsTheLogOfANodeThatDiesAtStart) {
  inside([this] {
    LocalCluster::Options bad = options();
    bad.node_flags["election-timeout"] = "soon";
    const auto cluster = LocalCluster::start(std::move(bad));
    ASSERT_FALSE(cluster.ok());
    EXPECT_EQ(cluster.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(cluster.error().message, HasSubstr("ordeal-node refuses its settings"));
    EXPECT_THAT(cluster.error().message, HasSubstr("--election-timeout: 'soon' is no duration"));
  });
}

TEST_F(Cluster3, SaysWhichProgramIsMissing) {
  inside([this] {
    LocalCluster::Options bad = options();
    bad.programs = "/no/such/folder";
    const auto cluster = LocalCluster::start(std::move(bad));
    ASSERT_FALSE(cluster.ok());
    EXPECT_THAT(cluster.error().message, HasSubstr("/no/such/folder/ordeal-node"));
  });
}

Plan small_plan() {
  Plan plan = default_plan();
  plan.nodes = 3;
  plan.time_limit = seconds(12);
  plan.random_faults.reset();
  plan.fault_events = {{seconds(1), seconds(2), {"partition", "isolate-one", "leader"}},
                       {seconds(5), seconds(1), {"kill", "", "follower"}},
                       {seconds(9), seconds(1), {"pause", "", "leader"}}};
  plan.expect_faults = 3;
  plan.expect_operations = 100;  // how many there are depends on the machine
  return plan;
}

DriverHooks silent_hooks() {
  DriverHooks hooks;
  hooks.on_history = [](std::span<const Op>) {};
  hooks.on_progress = [](const RunProgress&) {};
  hooks.on_note = [](const std::string&) {};
  hooks.on_observation = [](const NodeObservation&) {};
  hooks.interrupted = [] { return interrupts(); };
  return hooks;
}

TEST_F(Cluster3, IsDrivenThroughAWholeRun) {
  with_cluster([](LocalCluster& cluster) {
    const Plan plan = small_plan();
    ASSERT_TRUE(check_plan(plan).ok()) << check_plan(plan).error().message;
    auto workload = make_workload(plan);
    ASSERT_TRUE(workload.ok());
    RunLoop loop(plan, 42, std::move(*workload), &make_client, monotonic_now());
    History history;
    std::string notes;
    DriverHooks hooks = silent_hooks();
    hooks.on_history = [&](std::span<const Op> ops) {
      history.insert(history.end(), ops.begin(), ops.end());
    };
    hooks.on_note = [&](const std::string& note) { notes += note + "\n"; };
    const RunReport report = drive(loop, cluster, hooks);
    const RunSummary summary = loop.summary();
    EXPECT_TRUE(report.finished);
    EXPECT_TRUE(summary.healed) << notes;
    EXPECT_THAT(summary.vacuous, IsEmpty()) << notes;
    EXPECT_EQ(summary.progress.faults_verified, 3u) << notes;
    EXPECT_EQ(summary.progress.faults_healed, 3u) << notes;
    const Status well_formed = check_well_formed(history);
    EXPECT_TRUE(well_formed.ok()) << well_formed.error().message;
    EXPECT_GT(report.wake.count, 0u);
  });
}

TEST_F(Cluster3, EndsSoonWhenInterrupted) {
  with_cluster([](LocalCluster& cluster) {
    Plan plan = small_plan();
    plan.time_limit = seconds(600);
    plan.fault_events.clear();
    plan.expect_faults = 0;
    auto workload = make_workload(plan);
    ASSERT_TRUE(workload.ok());
    RunLoop loop(plan, 42, std::move(*workload), &make_client, monotonic_now());
    bool loaded = false;
    DriverHooks hooks = silent_hooks();
    hooks.on_progress = [&](const RunProgress& progress) {
      loaded = loaded || progress.phase == RunPhase::kLoad;
    };
    hooks.interrupted = [&] { return loaded ? 1u : 0u; };
    const RunReport report = drive(loop, cluster, hooks);
    EXPECT_TRUE(report.finished);
    EXPECT_TRUE(loop.summary().healed);
    EXPECT_THAT(loop.summary().vacuous, testing::Contains(HasSubstr("interrupted")));
  });
}

}  // namespace
}  // namespace ordeal::env
