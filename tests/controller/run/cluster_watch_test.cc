#include "controller/run/cluster_watch.h"

#include <gtest/gtest.h>

namespace ordeal {
namespace {

NodeObservation says(std::uint32_t node, std::string role, std::uint64_t term, std::uint32_t leader = 0) {
  NodeObservation observation;
  observation.node = NodeId(node);
  observation.reachable = true;
  observation.role = std::move(role);
  observation.term = Term(term);
  observation.leader = NodeId(leader);
  return observation;
}

TEST(ClusterWatch, TheHighestTermLeadsThoughAnIsolatedLeaderClaimsItsOwn) {
  ClusterWatch watch(5);
  EXPECT_EQ(watch.observe(says(1, "leader", 3, 1)), "leader n1 in term 3");
  EXPECT_EQ(watch.observe(says(4, "leader", 5, 4)), "leader n4 in term 5");
  EXPECT_EQ(watch.observe(says(1, "leader", 3, 1)), std::nullopt);
  EXPECT_EQ(watch.leader(), NodeId(4));
  EXPECT_EQ(watch.term(), Term(5));
}

TEST(ClusterWatch, HearsayCountsUntilTheLeaderSpeaksForItself) {
  ClusterWatch watch(3);
  EXPECT_EQ(watch.observe(says(2, "follower", 7, 3)), "leader n3 in term 7");
  EXPECT_EQ(watch.observe(says(1, "leader", 7, 1)), "leader n1 in term 7");
}

TEST(ClusterWatch, AnUnreachableLeaderIsForgotten) {
  ClusterWatch watch(3);
  ASSERT_TRUE(watch.observe(says(1, "leader", 3, 1)).has_value());
  NodeObservation gone;
  gone.node = NodeId(1);
  EXPECT_EQ(watch.observe(gone), "no leader known");
  EXPECT_EQ(watch.leader(), kNoNode);
}

TEST(ClusterWatch, StrangersAreIgnored) {
  ClusterWatch watch(3);
  EXPECT_EQ(watch.observe(says(4, "leader", 3, 4)), std::nullopt);
  EXPECT_EQ(watch.observe(says(0, "leader", 3, 4)), std::nullopt);
  EXPECT_EQ(watch.leader(), kNoNode);
}

}  // namespace
}  // namespace ordeal
