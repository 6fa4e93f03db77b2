#include "controller/env/cluster_state.h"

#include <gtest/gtest.h>

namespace ordeal::env {
namespace {

const NodeId kOne(1);
const NodeId kTwo(2);
const NodeId kThree(3);

NodeStatus status(NodeId node, const char* role, int term, Membership members = {{kOne, kTwo, kThree}, {}}) {
  NodeStatus result;
  result.observation.node = node;
  result.observation.reachable = true;
  result.observation.role = role;
  result.observation.term = Term(static_cast<std::uint64_t>(term));
  result.members = std::move(members);
  return result;
}

TEST(ClusterState, TheLeaderOfTheHighestTermLeads) {
  const std::vector<NodeStatus> statuses{status(kOne, "leader", 3), status(kTwo, "leader", 4),
                                         status(kThree, "candidate", 9)};
  ASSERT_NE(find_leader(statuses), nullptr);
  EXPECT_EQ(find_leader(statuses)->observation.node, kTwo);
  EXPECT_EQ(leader_problem(statuses, kTwo), "");
  EXPECT_EQ(leader_problem(statuses, kOne), "n2 leads in term 4, not n1");
  EXPECT_EQ(to_text(leader_to_value(statuses)),
            R"({leader: "n2", learners: [], term: 4, voters: ["n1" "n2" "n3"]})");
}

TEST(ClusterState, WithoutALeaderNothingIsAsItShouldBe) {
  const std::vector<NodeStatus> statuses{status(kOne, "follower", 3)};
  EXPECT_EQ(find_leader(statuses), nullptr);
  EXPECT_EQ(leader_problem(statuses, kOne), "no node says that it leads");
  EXPECT_EQ(members_problem(statuses, {{kOne, kTwo, kThree}, {}}), "no node says that it leads");
  EXPECT_TRUE(leader_to_value({}).is_nil());
}

TEST(ClusterState, TheLeadersWordOnTheMembersCounts) {
  const std::vector<NodeStatus> statuses{status(kOne, "follower", 4),
                                         status(kTwo, "leader", 4, {{kTwo, kThree}, {kOne}})};
  EXPECT_EQ(members_problem(statuses, {{kTwo, kThree}, {kOne}}), "");
  EXPECT_EQ(
      members_problem(statuses, {{kOne, kTwo, kThree}, {}}),
      "the leader n2 has voters [n2,n3] and learners [n1] instead of voters [n1,n2,n3] and learners []");
}

}  // namespace
}  // namespace ordeal::env
