#include "nemesis/faults/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ordeal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ClusterView cluster_without(std::uint32_t nodes, std::uint32_t leader, std::vector<std::uint32_t> down = {}) {
  ClusterView view;
  for (std::uint32_t i = 1; i <= nodes; ++i) view.nodes.emplace_back(i);
  view.leader = NodeId(leader);
  for (const std::uint32_t node : down) view.down.emplace_back(node);
  return view;
}

std::vector<NodeId> choose(std::string_view target, const ClusterView& view, std::uint64_t seed = 1) {
  Rng rng(seed);
  auto chosen = choose_targets(target, view, rng);
  EXPECT_TRUE(chosen.ok()) << (chosen.ok() ? "" : chosen.error().message);
  return chosen.ok() ? *chosen : std::vector<NodeId>{};
}

TEST(Targets, SizesFollowTheQuorum) {
  EXPECT_EQ(*target_size("minority", 5), 2U);
  EXPECT_EQ(*target_size("majority", 5), 3U);
  EXPECT_EQ(*target_size("minority", 4), 1U);
  EXPECT_EQ(*target_size("majority", 4), 3U);
  EXPECT_EQ(*target_size("all", 5), 5U);
  EXPECT_EQ(*target_size("n2,n4", 5), 2U);
}

TEST(Targets, RefusesUnknownNamesAndListsTheKnown) {
  for (const char* wrong : {"leaders", "", "n", "n0", "n1,", ",n1", "n1;n2", "n1,leader"}) {
    const auto size = target_size(wrong, 5);
    ASSERT_FALSE(size.ok()) << wrong;
    EXPECT_EQ(size.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(size.error().message, HasSubstr("allowed: leader, follower, minority")) << wrong;
  }
}

TEST(Targets, RefusesNodesThatAreNoMembersOrStandTwice) {
  EXPECT_THAT(target_size("n1,n6", 5).error().message, HasSubstr("the nodes are n1 to n5"));
  EXPECT_THAT(target_size("n1,n1", 5).error().message, HasSubstr("twice"));
  EXPECT_THAT(target_size("minority", 2).error().message, HasSubstr("at least 3 nodes"));
}

TEST(Targets, LeaderIsTheLeaderAndFollowerIsNot) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_THAT(choose("leader", cluster_without(5, 3), seed), ElementsAre(NodeId(3)));
    EXPECT_NE(choose("follower", cluster_without(5, 3), seed).front(), NodeId(3)) << seed;
  }
}

TEST(Targets, EveryNodeIsDrawnAtSomeTime) {
  std::set<NodeId> drawn;
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    drawn.insert(choose("one", cluster_without(5, 3), seed).front());
  EXPECT_EQ(drawn.size(), 5U);
}

TEST(Targets, NeverChoosesANodeThatIsDown) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (const char* target : {"one", "follower", "minority", "majority", "all", "n1,n2,n3"}) {
      for (const NodeId node : choose(target, cluster_without(5, 5, {1, 2}), seed)) {
        EXPECT_NE(node, NodeId(1)) << target << " seed " << seed;
        EXPECT_NE(node, NodeId(2)) << target << " seed " << seed;
      }
    }
  }
}

TEST(Targets, IsUnavailableWithoutLeaderOrWithNobodyUp) {
  Rng rng(1);
  EXPECT_EQ(choose_targets("leader", cluster_without(5, 0), rng).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(choose_targets("leader", cluster_without(5, 2, {2}), rng).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(choose_targets("n2", cluster_without(5, 1, {2}), rng).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(choose_targets("all", cluster_without(3, 1, {1, 2, 3}), rng).error().code,
            ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace ordeal
