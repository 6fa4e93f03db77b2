// Real agents in real namespaces: partitions measured in both families, leases, every death, kill and pause.

#include "nemesis/agent/clock.h"
#include "nemesis/agent/proc.h"
#include "tests/nemesis/agent/cluster.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <fstream>
#include <memory>

namespace ordeal::agent::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Pairs = std::vector<std::pair<int, int>>;

std::string partition(const std::string& peers, int lease_ms = 60000) {
  return fmt::format(R"({{"kind":"partition","drop_from":[{}],"ttl_ms":{}}})", peers, lease_ms);
}
std::string replica_fault(const std::string& kind, int lease_ms = 60000) {
  return fmt::format(R"({{"kind":"{}","ttl_ms":{}}})", kind, lease_ms);
}

bool has_no_rule(int node) {
  const auto is_clean = [&](bool ipv6) {
    return Cluster::table(node, ipv6).find("ORDEAL") == std::string::npos;
  };
  return is_clean(false) && is_clean(true);
}

class Agents : public ::testing::Test {
 protected:
  void SetUp() override {
    if (missing_sandbox()) GTEST_SKIP() << "SKIPPED, NOT TESTED: " << *missing_sandbox();
    cluster_ = std::make_unique<Cluster>(3);
  }

  Cluster& cluster() { return *cluster_; }
  pid_t replica() { return static_cast<pid_t>(cluster().ask_process(1).at("replica").to_number<int>()); }

 private:
  std::unique_ptr<Cluster> cluster_;
};

TEST_F(Agents, EveryDirectedPairIsCutExactlyInBothFamilies) {
  for (int from = 1; from <= 3; ++from) {
    for (int to = 1; to <= 3; ++to) {
      if (from == to) continue;
      const auto answer = cluster().ask(to, "PUT", "/faults/f1", partition('"' + Cluster::space(from) + '"'));
      EXPECT_EQ(answer.at("state"), "in-force");
      const Pairs cut = {{from, to}};
      EXPECT_EQ(cluster().matrix(cut), cluster().expected(cut)) << from << " to " << to;
      EXPECT_EQ(cluster().ask(to, "DELETE", "/faults/f1").at("state"), "absent");
    }
  }
  EXPECT_EQ(cluster().matrix({}), cluster().expected({}));
}

TEST_F(Agents, PartitionsComposeAndHealOneByOne) {
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n2")"));
  cluster().ask(1, "PUT", "/faults/b", partition(R"("n2","n3")"));
  EXPECT_EQ(cluster().matrix({{2, 1}, {3, 1}}), cluster().expected({{2, 1}, {3, 1}}));
  cluster().ask(1, "DELETE", "/faults/b");
  EXPECT_EQ(cluster().matrix({{2, 1}}), cluster().expected({{2, 1}}));
  // Another body replaces.
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n3")"));
  EXPECT_EQ(cluster().matrix({{3, 1}}), cluster().expected({{3, 1}}));
  cluster().ask(1, "DELETE", "/faults");
  EXPECT_EQ(cluster().matrix({}), cluster().expected({}));
}

TEST_F(Agents, ListSaysWhatIsObservedAndKeepsCountingOverRenewals) {
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n2")"));
  static_cast<void>(cluster().matrix({{2, 1}}));
  const auto dropped = [&] {
    const auto list = cluster().ask(1, "GET", "/faults");
    return list.at("faults").at(0).at("dropped").at("n2").at("ipv4").to_number<std::int64_t>();
  };
  EXPECT_GE(dropped(), Cluster::kCount);
  cluster().ask(1, "POST", "/lease", R"({"ttl_ms":60000})");
  static_cast<void>(cluster().matrix({{2, 1}}));
  EXPECT_GE(dropped(), 2 * Cluster::kCount);

  must_run({"nsenter", "--net=/run/netns/n1", "iptables", "-F", "ORDEAL_IN"});
  const auto list = cluster().ask(1, "GET", "/faults");
  EXPECT_EQ(list.at("faults").at(0).at("state"), "failed");
  EXPECT_THAT(std::string(list.at("faults").at(0).at("reason").as_string()), HasSubstr("10.77.0.2 is gone"));
}

TEST_F(Agents, LeaveNothingBehindAndNothingOfOthersTouched) {
  const std::string enter = "--net=/run/netns/n1";
  for (const std::string tool : {"iptables", "ip6tables"}) {
    must_run({"nsenter", enter, tool, "-N", "FOREIGN"});
    must_run({"nsenter", enter, tool, "-A", "FOREIGN", "-m", "comment", "--comment", "ordeal of another kind",
              "-j", "RETURN"});
    must_run({"nsenter", enter, tool, "-A", "INPUT", "-p", "tcp", "--dport", "9", "-j", "FOREIGN"});
  }
  const std::string before = Cluster::table(1, false);
  const std::string before_ipv6 = Cluster::table(1, true);
  EXPECT_THAT(before, HasSubstr("FOREIGN"));
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n2")"));
  EXPECT_THAT(Cluster::table(1, false), HasSubstr("-A INPUT -j ORDEAL_IN\n-A INPUT -p tcp"));
  EXPECT_THAT(Cluster::table(1, true), HasSubstr("-A INPUT -j ORDEAL_IN\n-A INPUT -p tcp"));
  cluster().ask(1, "DELETE", "/faults/a");
  EXPECT_EQ(Cluster::table(1, false), before);
  EXPECT_EQ(Cluster::table(1, true), before_ipv6);
}

TEST_F(Agents, LeaseThatIsNotRenewedRunsOut) {
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n2")", 2000));
  cluster().ask(1, "PUT", "/faults/b", replica_fault("pause", 2000));
  const auto is_healed = [&] { return cluster().ask(1, "GET", "/faults").at("faults").as_array().empty(); };
  EXPECT_FALSE(is_healed());
  EXPECT_TRUE(wait_until(is_healed, seconds(6)));
  EXPECT_EQ(cluster().matrix({}), cluster().expected({}));
  EXPECT_EQ(cluster().ask_process(1).at("threads_stopped"), false);
}

TEST_F(Agents, KernelLetsGoWhenAgentAndGuardianAreKilled) {
  const UdpLink link("n2", "n1", Cluster::ipv4(1));
  const UdpLink link_ipv6("n2", "n1", Cluster::ipv6(1));
  ASSERT_TRUE(link.passes());
  constexpr int kLeaseMs = 4000;
  const MonotonicTime asked = monotonic_now();
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n2")", kLeaseMs));
  kill(cluster().guardian(1), SIGKILL);
  cluster().kill_agent(1);
  EXPECT_FALSE(link.passes());
  EXPECT_FALSE(link_ipv6.passes());
  // Asking takes 0.1 s a time, so the bound is checked on a clock and not by counting.
  EXPECT_TRUE(wait_until([&] { return link.passes() && link_ipv6.passes(); }, seconds(15)));
  EXPECT_LE((monotonic_now() - asked).ms(), kLeaseMs + 2000);
  EXPECT_THAT(Cluster::table(1, false), HasSubstr("ORDEAL_IN"))
      << "somebody removed it, so this tested nothing";

  // The next agent sweeps what is inert.
  cluster().start_agent(1);
  EXPECT_TRUE(has_no_rule(1));
}

TEST_F(Agents, GuardianHealsWhenTheAgentIsKilled) {
  const UdpLink link("n2", "n1", Cluster::ipv4(1));
  const ProcessRef paused = [&] {
    const auto observed = cluster().ask_process(1);
    return ProcessRef{static_cast<pid_t>(observed.at("replica").to_number<int>()),
                      observed.at("start_ticks").to_number<std::uint64_t>()};
  }();
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n2")"));
  cluster().ask(1, "PUT", "/faults/b", replica_fault("pause"));
  const auto guardian_stat = read_stat(cluster().guardian(1));
  ASSERT_TRUE(guardian_stat.has_value());
  const ProcessRef guardian{guardian_stat->pid, guardian_stat->start_ticks};
  EXPECT_FALSE(link.passes());
  EXPECT_TRUE(all_threads_stopped(paused.pid));
  kill(-cluster().agent(1).pid(), SIGKILL);  // the whole process group
  EXPECT_TRUE(wait_until([&] { return has_no_rule(1) && !all_threads_stopped(paused.pid); }, seconds(8)));
  EXPECT_TRUE(link.passes());
  EXPECT_TRUE(is_alive(paused));
  EXPECT_TRUE(wait_until([&] { return !is_alive(guardian); }, seconds(15)))
      << "the guardian outlives its purpose";
}

TEST_F(Agents, GuardianRestartsTheKilledReplicaWhenTheAgentIsKilled) {
  const auto before = cluster().ask_process(1).at("incarnation").to_number<int>();
  cluster().ask(1, "PUT", "/faults/k", replica_fault("kill"));
  cluster().kill_agent(1);
  const auto restarted = [&] {
    const auto file = parse_pid_file(*read_small_file("/run/agent-test/node1.pid"));
    return file && file->replica != 0 && static_cast<int>(file->incarnation) == before + 1;
  };
  EXPECT_TRUE(wait_until(restarted, seconds(8)));
}

TEST_F(Agents, GuardianHealsWhenTheAgentHangs) {
  const UdpLink link("n2", "n1", Cluster::ipv4(1));
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n2")", 2000));
  cluster().ask(1, "PUT", "/faults/b", replica_fault("pause", 2000));
  const pid_t paused = replica();
  cluster().agent(1).send(SIGSTOP);
  const auto is_healed = [&] { return !all_threads_stopped(paused) && has_no_rule(1); };
  EXPECT_FALSE(is_healed());
  EXPECT_TRUE(wait_until(is_healed, seconds(10)));
  EXPECT_TRUE(link.passes());
  // When it comes round again it finds its leases run out and goes on.
  cluster().agent(1).send(SIGCONT);
  cluster().ask(1, "PUT", "/faults/c", partition(R"("n2")"));
  EXPECT_FALSE(link.passes());
}

TEST_F(Agents, WithoutGuardianNoFaultStays) {
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n2")"));
  const auto stat = read_stat(cluster().guardian(1));
  ASSERT_TRUE(stat.has_value());
  const ProcessRef guardian{stat->pid, stat->start_ticks};
  kill(guardian.pid, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !is_alive(guardian); }, seconds(5)));
  const HttpAnswer renewed = cluster().call(1, "POST", "/lease", R"({"ttl_ms":60000})");
  EXPECT_EQ(renewed.status, 500);
  EXPECT_THAT(renewed.body, HasSubstr("guardian"));
  EXPECT_EQ(cluster().matrix({}), cluster().expected({}));
  EXPECT_EQ(cluster().call(1, "PUT", "/faults/b", partition(R"("n3")")).status, 500);
  EXPECT_EQ(cluster().matrix({}), cluster().expected({}));
}

TEST_F(Agents, NextAgentUndoesWhatNobodyWasLeftToUndo) {
  const pid_t paused = replica();
  cluster().ask(1, "PUT", "/faults/b", replica_fault("pause"));
  kill(cluster().guardian(1), SIGKILL);
  cluster().kill_agent(1);
  EXPECT_TRUE(all_threads_stopped(paused));
  cluster().start_agent(1);
  EXPECT_FALSE(all_threads_stopped(paused));
  EXPECT_EQ(replica(), paused);
}

TEST_F(Agents, PauseStopsEveryThreadAndItsClock) {
  cluster().ask(1, "PUT", "/faults/p", replica_fault("pause"));
  const auto first = cluster().ask_process(1);
  EXPECT_EQ(first.at("threads_stopped"), true);
  EXPECT_EQ(first.at("state"), "T");
  EXPECT_EQ(thread_states(replica()).size(), 3U);
  EXPECT_EQ(cluster().ask_process(1).at("cpu_ns"), first.at("cpu_ns"));
  cluster().ask(1, "PUT", "/faults/q", replica_fault("pause"));
  cluster().ask(1, "DELETE", "/faults/p");
  EXPECT_EQ(cluster().ask_process(1).at("threads_stopped"), true);
  cluster().ask(1, "DELETE", "/faults/q");
  EXPECT_EQ(cluster().ask_process(1).at("threads_stopped"), false);
}

TEST_F(Agents, KillKeepsTheReplicaDownAndRemovalRestartsIt) {
  const auto before = cluster().ask_process(1);
  EXPECT_EQ(cluster().ask(1, "PUT", "/faults/k", replica_fault("kill")).at("state"), "in-force");
  const auto dead = cluster().ask_process(1);
  EXPECT_EQ(dead.at("alive"), false);
  EXPECT_EQ(dead.at("replica"), 0);
  const HttpAnswer refused = cluster().call(1, "PUT", "/faults/p", replica_fault("pause"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("fault k"));
  cluster().ask(1, "DELETE", "/faults/k");
  const auto after = cluster().ask_process(1);
  EXPECT_EQ(after.at("alive"), true);
  EXPECT_EQ(after.at("incarnation").to_number<int>(), before.at("incarnation").to_number<int>() + 1);
  EXPECT_NE(after.at("replica"), before.at("replica"));
}

TEST_F(Agents, KillOfAPausedReplicaLeavesItsSuccessorPaused) {
  cluster().ask(1, "PUT", "/faults/p", replica_fault("pause"));
  const pid_t paused = replica();
  cluster().ask(1, "PUT", "/faults/k", replica_fault("kill"));
  EXPECT_EQ(cluster().ask_process(1).at("alive"), false);
  cluster().ask(1, "DELETE", "/faults/k");
  EXPECT_EQ(cluster().ask_process(1).at("threads_stopped"), true);
  EXPECT_NE(replica(), paused);
  cluster().ask(1, "DELETE", "/faults");
  EXPECT_EQ(cluster().ask_process(1).at("threads_stopped"), false);
}

TEST_F(Agents, StrikesNobodyWhenThePidFileIsStale) {
  const ordeal::test::Program bystander({"/bin/sleep", "1000"});
  std::ofstream("/run/agent-test/node1.pid") << fmt::format(
      R"({{"supervisor": {}, "replica": {}, "incarnation": 1}})", getpid() == 1 ? 2 : 1, bystander.pid());
  const HttpAnswer refused = cluster().call(1, "PUT", "/faults/k", replica_fault("kill"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("not the supervisor's child"));
  EXPECT_TRUE(read_stat(bystander.pid())->alive());
}

TEST_F(Agents, EndCleanlyOnSigterm) {
  cluster().ask(1, "PUT", "/faults/a", partition(R"("n2")"));
  cluster().ask(1, "PUT", "/faults/b", replica_fault("pause"));
  const pid_t paused = replica();
  cluster().agent(1).send(SIGTERM);
  const auto finished = cluster().agent(1).wait(std::chrono::seconds(20));
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, Not(HasSubstr("ordeal-guardian")));
  EXPECT_TRUE(has_no_rule(1));
  EXPECT_FALSE(all_threads_stopped(paused));
}

TEST_F(Agents, AnswerHostileRequestsWithADocumentedStatus) {
  const auto raw = [](const std::string& bytes) { return raw_http(Cluster::ipv4(1), 7000, bytes).status; };
  const std::string token = std::string("Authorization: Bearer ") + Cluster::kToken + "\r\n";
  EXPECT_EQ(raw("GET /faults HTTP/1.1\r\nHost: a\r\n\r\n"), 401);
  EXPECT_EQ(raw("GET /faults HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\n\r\n"), 401);
  EXPECT_EQ(raw("GET /faults HTTP/1.1\r\nHost: a\r\nAuthorization: Basic open-sesame\r\n\r\n"), 401);
  EXPECT_EQ(raw("PUT /faults/a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"), 401);
  EXPECT_EQ(raw("PUT /faults/a HTTP/1.1\r\nHost: a\r\n" + token + "Content-Length: 99999999\r\n\r\n"), 413);
  EXPECT_EQ(raw("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(raw("hello\r\n\r\n"), 400);
  EXPECT_EQ(raw(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)), 400);
  EXPECT_EQ(cluster().call(1, "GET", "/nowhere").status, 404);
  EXPECT_EQ(cluster().call(1, "GET", "/faults/a").status, 405);
  EXPECT_EQ(cluster().call(1, "POST", "/faults").status, 405);
  EXPECT_EQ(cluster().call(1, "GET", "/lease").status, 405);
  EXPECT_EQ(cluster().call(1, "PUT", "/faults/a%20b", replica_fault("pause")).status, 400);
  EXPECT_EQ(cluster().call(1, "PUT", "/faults/../x", replica_fault("pause")).status, 400);
  EXPECT_EQ(cluster().call(1, "PUT", "/faults/a", "{").status, 400);
  EXPECT_EQ(cluster().call(1, "POST", "/probe", R"({"kind":"reach","count":0})").status, 400);
  EXPECT_TRUE(cluster().ask(1, "GET", "/faults").at("faults").as_array().empty());
}

TEST_F(Agents, RefuseToStartTwiceOrOnABusyPortAndSayWhy) {
  auto second = ordeal::test::run_program(cluster().agent_command(1));
  EXPECT_EQ(second.exit_code, 255);
  EXPECT_THAT(second.err, HasSubstr("another agent runs with --state"));
  auto command = cluster().agent_command(1);
  *(std::find(command.begin(), command.end(), "--state") + 1) = "/run/agent-test/other";
  second = ordeal::test::run_program(command);
  EXPECT_EQ(second.exit_code, 255);
  EXPECT_THAT(second.err, HasSubstr("cannot listen on 10.77.0.1:7000"));
  EXPECT_EQ(cluster().matrix({}), cluster().expected({}));
}

TEST_F(Agents, TellWhatThisMachineCanDo) {
  const auto capabilities = cluster().ask(1, "GET", "/capabilities").at("capabilities").as_object();
  for (const auto& [name, capability] : capabilities) {
    EXPECT_FALSE(capability.at("detail").as_string().empty()) << name;
  }
  EXPECT_EQ(capabilities.at("packet_filter_ipv4").at("available"), true);
  const auto printed = ordeal::test::run_program({"ordeal-agent", "--capabilities"});
  EXPECT_EQ(printed.exit_code, 0);
  EXPECT_THAT(printed.out, HasSubstr("kernel_expiry"));
  const HttpAnswer metrics = cluster().call(1, "GET", "/metrics");
  EXPECT_THAT(metrics.body, HasSubstr("ordeal_agent_faults_in_force{node=\"n1\"} 0"));
}

}  // namespace
}  // namespace ordeal::agent::test

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  return ordeal::agent::test::run_in_sandbox([] { return RUN_ALL_TESTS(); });
}
