#include "nemesis/agent/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::set<NodeId> kOthers = {NodeId(2), NodeId(3)};

TEST(AgentApi, ReadsThePartitionOfTheFormatPage) {
  const auto put = parse_put(R"({"kind": "partition", "drop_from": ["n2", "n3"], "ttl_ms": 10000})", kOthers);
  ASSERT_TRUE(put.ok());
  EXPECT_EQ(put->body, (FaultBody{FaultKind::kPartition, kOthers}));
  EXPECT_EQ(put->lease, seconds(10));
}

TEST(AgentApi, ReadsKillAndPause) {
  for (const auto kind : {FaultKind::kKill, FaultKind::kPause}) {
    const auto put =
        parse_put("{\"kind\": \"" + std::string(to_text(kind)) + "\", \"ttl_ms\": 1000}", kOthers);
    ASSERT_TRUE(put.ok());
    EXPECT_EQ(put->body, (FaultBody{kind, {}}));
  }
}

struct Hostile {
  std::string body;
  std::string message;  ///< part of the error
};

class HostilePut : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostilePut, IsRefusedWithAReason) {
  const auto put = parse_put(GetParam().body, kOthers);
  ASSERT_FALSE(put.ok()) << GetParam().body;
  EXPECT_EQ(put.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(put.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    AgentApi, HostilePut,
    ::testing::Values(
        Hostile{"", "not JSON"}, Hostile{"{", "not JSON"}, Hostile{"[]", "object"}, Hostile{"null", "object"},
        Hostile{std::string(5000, '['), "not JSON"}, Hostile{std::string("{\"kind\0\":1}", 11), "not JSON"},
        Hostile{"{}", "kind is missing"}, Hostile{R"({"kind": 1})", "kind must be a string"},
        Hostile{R"({"kind": "melt", "ttl_ms": 1000})", "partition, kill or pause, not melt"},
        Hostile{R"({"kind": "kill"})", "ttl_ms is missing"},
        Hostile{R"({"kind": "kill", "ttl_ms": 999})", "from 1000 to 600000"},
        Hostile{R"({"kind": "kill", "ttl_ms": 600001})", "from 1000 to 600000"},
        Hostile{R"({"kind": "kill", "ttl_ms": -1})", "from 1000 to 600000"},
        Hostile{R"({"kind": "kill", "ttl_ms": 1e4})", "must be an integer"},
        Hostile{R"({"kind": "kill", "ttl_ms": "10000"})", "must be an integer"},
        Hostile{R"({"kind": "kill", "ttl_ms": 99999999999999999999})", "must be an integer"},
        Hostile{R"({"kind": "kill", "ttl_ms": 1000, "drop_from": ["n2"]})", "unknown member drop_from"},
        Hostile{R"({"kind": "kill", "ttl_ms": 1000, "tll_ms": 1})", "unknown member tll_ms"},
        Hostile{R"({"kind": "partition", "ttl_ms": 1000})", "drop_from is missing"},
        Hostile{R"({"kind": "partition", "ttl_ms": 1000, "drop_from": "n2"})", "array of strings"},
        Hostile{R"({"kind": "partition", "ttl_ms": 1000, "drop_from": [2]})", "array of strings"},
        Hostile{R"({"kind": "partition", "ttl_ms": 1000, "drop_from": []})", "at least one"},
        Hostile{R"({"kind": "partition", "ttl_ms": 1000, "drop_from": ["n1"]})", "the others are n2, n3"},
        Hostile{R"({"kind": "partition", "ttl_ms": 1000, "drop_from": ["n9"]})", "n9"},
        Hostile{R"({"kind": "partition", "ttl_ms": 1000, "drop_from": ["-j ACCEPT"]})", "no other member"},
        Hostile{R"({"kind": "partition", "ttl_ms": 1000, "drop_from": ["n2", "n2"]})", "n2 twice"}));

TEST(AgentApi, FaultIdsAreWordsThatNoToolMisreads) {
  EXPECT_TRUE(is_fault_id("f1"));
  EXPECT_TRUE(is_fault_id("A-z_0.9"));
  EXPECT_TRUE(is_fault_id(std::string(64, 'x')));
  for (const std::string id : {"", "a b", "a\n-j ACCEPT", "a/b", "a:b", "a\"b", "%41", "\xc3\xa9"})
    EXPECT_FALSE(is_fault_id(id)) << id;
  EXPECT_FALSE(is_fault_id(std::string(65, 'x')));
}

TEST(AgentApi, ReadsCollectWithItsExpectation) {
  const auto probe = parse_probe(
      R"({"kind": "collect", "nonce": 7, "count": 5, "expect_from": ["n3"], "timeout_ms": 400, "settle_ms": 50})",
      kOthers);
  ASSERT_TRUE(probe.ok());
  const auto& collect = std::get<CollectProbe>(*probe);
  EXPECT_EQ(collect.nonce, 7U);
  EXPECT_THAT(collect.expectation.from, ElementsAre(NodeId(3)));
  EXPECT_EQ(collect.expectation.count, 5U);
  EXPECT_EQ(collect.expectation.timeout, milliseconds(400));
  EXPECT_EQ(collect.expectation.settle, milliseconds(50));
}

TEST(AgentApi, CollectExpectsEveryoneUnlessTold) {
  const auto probe = parse_probe(R"({"kind": "collect", "nonce": 7})", kOthers);
  ASSERT_TRUE(probe.ok());
  EXPECT_EQ(std::get<CollectProbe>(*probe).expectation.from, kOthers);
}

TEST(AgentApi, RefusesProbesBeyondBounds) {
  for (const std::string body :
       {R"({})", R"({"kind": "guess"})", R"({"kind": "emit"})", R"({"kind": "emit", "nonce": -1})",
        R"({"kind": "emit", "nonce": 1, "count": 1001})", R"({"kind": "emit", "nonce": 1, "count": 0})",
        R"({"kind": "reach", "count": 101})", R"({"kind": "reach", "timeout_ms": 10001})",
        R"({"kind": "process", "pid": 1})", R"({"kind": "collect", "nonce": 1, "expect_from": ["n1"]})"}) {
    EXPECT_FALSE(parse_probe(body, kOthers).ok()) << body;
  }
}

TEST(AgentApi, LeaseTakesNothingElse) {
  const auto lease = parse_lease(R"({"ttl_ms": 10000})");
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(*lease, seconds(10));
  EXPECT_FALSE(parse_lease(R"({"ttl_ms": 10000, "faults": []})").ok());
  EXPECT_FALSE(parse_lease("").ok());
}

TEST(AgentApi, AnswersAsTheFormatPageSays) {
  const FaultAnswer answer{"f1", FaultKind::kPartition, FaultState::kInForce, MonotonicTime(5),
                           MonotonicTime(9)};
  EXPECT_EQ(answer_body(answer),
            R"({"fault":"f1","kind":"partition","state":"in-force","asked_ns":5,"done_ns":9})");
  const Arrivals arrivals = {{NodeId(2), {{Family::kIpv4, 20}, {Family::kIpv6, 19}}}};
  EXPECT_EQ(arrivals_body("collect", arrivals, std::nullopt, false),
            R"({"collect":{"n2":{"ipv4":20,"ipv6":19}},"complete":false})");
  EXPECT_EQ(error_body("conflict", "say \"why\""),
            R"({"error":{"code":"conflict","message":"say \"why\""}})");
}

}  // namespace
}  // namespace ordeal::agent
