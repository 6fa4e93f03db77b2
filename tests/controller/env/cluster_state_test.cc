#include "controller/env/cluster_state.h"

#include "common/prng.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ordeal::env {
namespace {

using testing::IsEmpty;

const NodeId kN1(1);
const NodeId kN2(2);
const NodeId kN3(3);

NodeStatus status(NodeId node, const char* role, int term, Membership members = {{kN1, kN2, kN3}, {}}) {
  NodeStatus result;
  result.observation.node = node;
  result.observation.reachable = true;
  result.observation.role = role;
  result.observation.term = Term(static_cast<std::uint64_t>(term));
  result.members = std::move(members);
  return result;
}

TEST(ClusterState, TheLeaderOfTheHighestTermLeads) {
  const std::vector<NodeStatus> statuses{status(kN1, "leader", 3), status(kN2, "leader", 4),
                                         status(kN3, "candidate", 9)};
  ASSERT_NE(find_leader(statuses), nullptr);
  EXPECT_EQ(find_leader(statuses)->observation.node, kN2);
  EXPECT_EQ(leader_problem(statuses, kN2), "");
  EXPECT_EQ(leader_problem(statuses, kN1), "n2 leads in term 4, not n1");
  EXPECT_EQ(to_text(leader_to_value(statuses)),
            R"({leader: "n2", learners: [], term: 4, voters: ["n1" "n2" "n3"]})");
}

TEST(ClusterState, WithoutALeaderNothingIsAsItShouldBe) {
  const std::vector<NodeStatus> statuses{status(kN1, "follower", 3)};
  EXPECT_EQ(find_leader(statuses), nullptr);
  EXPECT_EQ(leader_problem(statuses, kN1), "no node says that it leads");
  EXPECT_EQ(members_problem(statuses, {{kN1, kN2, kN3}, {}}), "no node says that it leads");
  EXPECT_TRUE(leader_to_value({}).is_nil());
}

TEST(ClusterState, TheLeadersWordOnTheMembersCounts) {
  const std::vector<NodeStatus> statuses{status(kN1, "follower", 4),
                                         status(kN2, "leader", 4, {{kN2, kN3}, {kN1}})};
  EXPECT_EQ(members_problem(statuses, {{kN2, kN3}, {kN1}}), "");
  EXPECT_EQ(
      members_problem(statuses, {{kN1, kN2, kN3}, {}}),
      "the leader n2 has voters [n2,n3] and learners [n1] instead of voters [n1,n2,n3] and learners []");
}

TEST(ClusterState, WithoutFaultsEverybodyVotes) {
  EXPECT_EQ(combine({kN1, kN2}, {}), (Membership{{kN1, kN2}, {}}));
}

TEST(ClusterState, OverlappingFaultsAllHold) {
  const MembersFault without_n1{{kN2, kN3}, {}};
  const MembersFault demoted_n1{{kN2, kN3}, {kN1}};
  const MembersFault demoted_n2{{kN1, kN3}, {kN2}};
  const MembersFault without_n3{{kN1, kN2}, {}};
  EXPECT_EQ(combine({kN1, kN2, kN3}, {demoted_n1, without_n1}), (Membership{{kN2, kN3}, {}}));
  EXPECT_EQ(combine({kN1, kN2, kN3}, {demoted_n2, demoted_n1}), (Membership{{kN3}, {kN1, kN2}}));
  EXPECT_THAT(combine({kN1, kN2, kN3}, {without_n1, demoted_n2, without_n3}).voters, IsEmpty());
}

// The naive twin: what each fault says of a node, one node at a time; the order of faults does not matter.
TEST(ClusterState, CombinesAsOneNodeAtATimeWould) {
  enum Standing { kVoter, kLearner, kGone };
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    std::vector<NodeId> nodes;
    for (std::uint32_t n = 1; n <= 5; ++n) nodes.emplace_back(n);
    std::vector<Standing> worst(nodes.size(), kVoter);
    std::vector<MembersFault> faults(rng.below(4));
    for (MembersFault& fault : faults) {
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto standing = static_cast<Standing>(rng.below(3));
        if (standing == kVoter) fault.voters.push_back(nodes[i]);
        if (standing == kLearner) fault.learners.push_back(nodes[i]);
        worst[i] = std::max(worst[i], standing);
      }
    }
    Membership expected;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (worst[i] == kVoter) expected.voters.push_back(nodes[i]);
      if (worst[i] == kLearner) expected.learners.push_back(nodes[i]);
    }
    EXPECT_EQ(combine(nodes, faults), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ordeal::env
