// Three real processes: what a client sees of a replicated store, with and without failures.

#include "tests/node/host/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace ordeal::host {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string value_of(const HttpReply& reply) {
  const std::size_t begin = reply.body.find("\"value\":");
  const std::size_t end = reply.body.find(",\"version\"", begin);
  return begin == std::string::npos ? "?" : reply.body.substr(begin + 8, end - begin - 8);
}

TEST(ClusterTest, EveryOperationAtEveryNode) {
  Cluster cluster(3);
  cluster.start_all();
  const std::size_t leader = cluster.leader();
  const std::size_t follower = cluster.follower();
  ASSERT_TRUE(eventually([&] { return cluster.put(leader, "x", "5").status == 200; }));
  EXPECT_EQ(value_of(cluster.get(follower, "x")), "\"5\"");
  const HttpReply cas =
      cluster.txn(follower, R"({"steps":[{"op":"cas","key":"x","expected":"4","value":"6"}]})");
  EXPECT_EQ(cas.status, 200);
  EXPECT_THAT(cas.body, HasSubstr(R"("committed":false)"));
  EXPECT_EQ(value_of(cas), "\"5\"");
  const HttpReply both = cluster.txn(
      leader,
      R"({"steps":[{"op":"cas","key":"x","expected":"5","value":"6"},{"op":"append","key":"l","value":"a"}]})");
  EXPECT_THAT(both.body, HasSubstr(R"("committed":true)"));
  EXPECT_EQ(value_of(cluster.get(follower, "l")), R"(["a"])");
  EXPECT_EQ(http(cluster.port(follower), "DELETE", "/v1/kv/x").status, 200);
  EXPECT_EQ(value_of(cluster.get(leader, "x")), "null");
}

TEST(ClusterTest, RetryInASessionIsAppliedOnceAtAnyNode) {
  Cluster cluster(3);
  cluster.start_all();
  const std::size_t leader = cluster.leader();
  const std::string append = R"({"session":7,"sequence":1,"steps":[{"op":"append","key":"l","value":"a"}]})";
  ASSERT_TRUE(eventually([&] { return cluster.txn(leader, append).status == 200; }));
  const HttpReply retry = cluster.txn(cluster.follower(), append);
  EXPECT_THAT(retry.body, HasSubstr(R"("duplicate":true)"));
  EXPECT_EQ(value_of(cluster.get(leader, "l")), R"(["a"])");
}

TEST(ClusterTest, FollowerRedirectsWhenToldTo) {
  Cluster cluster(3, {"--on-follower", "redirect"});
  cluster.start_all();
  const std::size_t leader = cluster.leader();
  const std::size_t follower = cluster.follower();
  ASSERT_TRUE(eventually([&] { return cluster.put(follower, "a%20b", "5").status == 307; }));
  const HttpReply reply = cluster.put(follower, "a%20b", "5");
  EXPECT_EQ(text_at(reply.body, {"error", "code"}), "not_leader");
  EXPECT_EQ(text_at(reply.body, {"error", "outcome"}), "definite");
  EXPECT_EQ(reply.headers.at("location"),
            "http://127.0.0.1:" + std::to_string(cluster.port(leader)) + "/v1/kv/a%20b");
}

TEST(ClusterTest, MinorityAnswersThatItCannot) {
  Cluster cluster(3, {"--request-timeout", "500ms"});
  cluster.start_all();
  const std::size_t leader = cluster.leader();
  for (std::size_t node = 1; node <= 3; ++node) {
    if (node != leader) cluster.kill(node);
  }
  const HttpReply reply = cluster.put(leader, "x", "5");
  EXPECT_THAT(reply.status, AnyOf(503, 504));
  EXPECT_THAT(text_at(reply.body, {"error", "code"}), AnyOf("timeout", "leadership_lost", "no_leader"));
}

// The whole cluster dies at once; whatever was acknowledged is there afterwards.
TEST(ClusterTest, AcknowledgedWritesSurviveTheDeathOfAllNodes) {
  Cluster cluster(3, {"--snapshot-every", "60", "--snapshot-keep", "20"});
  std::map<std::string, std::string> acknowledged;
  for (int round = 0; round < 3; ++round) {
    cluster.start_all();
    const std::size_t leader = cluster.leader();
    EXPECT_EQ(number_at(cluster.status(leader).body, {"incarnation"}), round + 1);
    ASSERT_TRUE(eventually([&] { return cluster.put(leader, "warm", "x").status == 200; }));
    for (const auto& [key, value] : acknowledged) ASSERT_EQ(value_of(cluster.get(leader, key)), value) << key;
    for (int i = 0; i < 100; ++i) {
      const std::string key = "k" + std::to_string(round * 100 + i);
      if (cluster.put(leader, key, key).status == 200) acknowledged[key] = '"' + key + '"';
    }
    for (std::size_t node = 1; node <= 3; ++node) cluster.kill(node);
  }
  EXPECT_GT(acknowledged.size(), 250U);
}

TEST(ClusterTest, NodeThatWasAwayIsBroughtUpBySnapshot) {
  Cluster cluster(3, {"--snapshot-every", "50", "--snapshot-keep", "5"});
  cluster.start_all();
  const std::size_t leader = cluster.leader();
  const std::size_t away = cluster.follower();
  cluster.kill(away);
  for (int i = 0; i < 300; ++i) {
    const std::string key = "k" + std::to_string(i);
    ASSERT_TRUE(eventually([&] { return cluster.put(leader, key, "v").status == 200; }));
  }
  const std::int64_t commit = number_at(cluster.status(leader).body, {"commit"});
  EXPECT_GT(number_at(cluster.status(leader).body, {"first_index"}), 100);
  cluster.start(away);
  EXPECT_TRUE(cluster.program(away).wait_for_text("snapshot-installed", std::chrono::seconds(30)));
  EXPECT_TRUE(eventually([&] { return number_at(cluster.status(away).body, {"applied"}) >= commit; }));
  // It survives its own restart on the installed state.
  cluster.kill(away);
  cluster.start(away);
  EXPECT_TRUE(eventually([&] { return number_at(cluster.status(away).body, {"applied"}) >= commit; }));
  EXPECT_TRUE(eventually([&] { return value_of(cluster.get(away, "k7")) == "\"v\""; }));
}

TEST(ClusterTest, LeadershipMovesOnRequest) {
  Cluster cluster(3);
  cluster.start_all();
  const std::size_t leader = cluster.leader();
  const std::size_t target = cluster.follower();
  const std::string body = R"({"target":"n)" + std::to_string(target) + R"("})";
  const HttpReply refused = http(cluster.port(target), "POST", "/v1/leadership", body);
  EXPECT_EQ(refused.status, 503);
  ASSERT_TRUE(eventually([&] { return cluster.put(leader, "x", "1").status == 200; }));
  EXPECT_EQ(http(cluster.port(leader), "POST", "/v1/leadership", body).status, 200);
  EXPECT_TRUE(eventually([&] { return text_at(cluster.status(target).body, {"role"}) == "leader"; }));
}

TEST(ClusterTest, NodeJoinsAsLearnerAndBecomesVoter) {
  Cluster cluster(4, {"--snapshot-every", "50", "--snapshot-keep", "5"});
  for (std::size_t node = 1; node <= 3; ++node)
    cluster.start(node, {"--voter", "n1", "--voter", "n2", "--voter", "n3"});
  cluster.start(4, {"--join", "true"});
  const std::size_t leader = cluster.leader();
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(eventually([&] { return cluster.put(leader, "k" + std::to_string(i), "v").status == 200; }));
  const auto members = [&](const std::string& body) {
    return http(cluster.port(leader), "POST", "/v1/members", body).status;
  };
  ASSERT_EQ(members(R"({"voters":["n1","n2","n3"],"learners":["n4"]})"), 200);
  ASSERT_TRUE(eventually([&] { return number_at(cluster.status(4).body, {"applied"}) > 100; }));
  ASSERT_TRUE(eventually([&] { return members(R"({"voters":["n1","n2","n3","n4"]})") == 200; }));
  EXPECT_TRUE(eventually(
      [&] { return cluster.status(4).body.find(R"("voters":["n1","n2","n3","n4"])") != std::string::npos; }));
  EXPECT_EQ(members(R"({"voters":["n1","n9"]})"), 400);
}

TEST(ClusterTest, CleanStopEndsWithZero) {
  Cluster cluster(3);
  cluster.start_all();
  static_cast<void>(cluster.leader());
  for (std::size_t node = 1; node <= 3; ++node) {
    const test::Finished finished = cluster.stop(node);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("stopped"));
  }
}

TEST(ClusterTest, PlantIsLoudAndInTheMetrics) {
  Cluster cluster(1, {"--plant", "R18"});
  cluster.start_all();
  EXPECT_TRUE(cluster.program(1).wait_for_text("PLANTED BUG R18 IS ON", std::chrono::seconds(30)));
  EXPECT_TRUE(eventually([&] {
    return http(cluster.port(1), "GET", "/metrics").body.find(R"(ordeal_plant_active{plant="R18"} 1)") !=
           std::string::npos;
  }));
  EXPECT_THAT(cluster.status(1).body, HasSubstr(R"("plants":["R18"])"));
}

TEST(ClusterTest, HealthAndMetrics) {
  Cluster cluster(1, {"--storage", "memory"});
  cluster.start_all();
  static_cast<void>(cluster.leader());
  EXPECT_EQ(http(cluster.port(1), "GET", "/healthz").body, R"({"ok":true})");
  ASSERT_TRUE(eventually([&] { return cluster.put(1, "x", "1").status == 200; }));
  const HttpReply metrics = http(cluster.port(1), "GET", "/metrics");
  EXPECT_THAT(metrics.headers.at("content-type"), StartsWith("text/plain; version=0.0.4"));
  EXPECT_THAT(metrics.body, HasSubstr(R"(ordeal_role{role="leader"} 1)"));
}

std::string pid_note(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST(SupervisorTest, KilledReplicaStartsAgainOnSignalAndDiesWithItsSupervisor) {
  Cluster cluster(1);
  const std::string file = cluster.directory() + "/pid";
  cluster.start(1, {"--supervised", "--pid-file", file});
  ASSERT_TRUE(eventually([&] { return number_at(pid_note(file), {"replica"}) > 0; }));
  EXPECT_EQ(number_at(pid_note(file), {"supervisor"}), cluster.program(1).pid());
  static_cast<void>(cluster.leader());
  const auto replica = static_cast<pid_t>(number_at(pid_note(file), {"replica"}));
  EXPECT_EQ(number_at(cluster.status(1).body, {"pid"}), replica);

  ::kill(replica, SIGKILL);
  ASSERT_TRUE(eventually([&] { return number_at(pid_note(file), {"replica"}) == 0; }));
  cluster.program(1).send(SIGUSR1);
  ASSERT_TRUE(eventually([&] { return number_at(pid_note(file), {"replica"}) > 0; }));
  EXPECT_EQ(number_at(pid_note(file), {"incarnation"}), 2);
  static_cast<void>(cluster.leader());
  EXPECT_EQ(number_at(cluster.status(1).body, {"incarnation"}), 2);

  const auto second = static_cast<pid_t>(number_at(pid_note(file), {"replica"}));
  ::kill(cluster.program(1).pid(), SIGKILL);
  EXPECT_TRUE(eventually([&] { return cluster.status(1).status == 0; })) << second;
}

TEST(SupervisorTest, TermStopsBoth) {
  Cluster cluster(1);
  const std::string file = cluster.directory() + "/pid";
  cluster.start(1, {"--supervised", "--pid-file", file});
  static_cast<void>(cluster.leader());
  const auto replica = static_cast<pid_t>(number_at(pid_note(file), {"replica"}));
  const test::Finished finished = cluster.stop(1);
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(number_at(pid_note(file), {"replica"}), 0);
  EXPECT_NE(::kill(replica, 0), 0);
}

}  // namespace
}  // namespace ordeal::host
