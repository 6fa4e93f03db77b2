// The planted bugs of membership: for each a schedule that shows what it breaks, and the same schedule
// without it, which breaks nothing.

#include "tests/node/raft/expect_caught.h"

#include <gtest/gtest.h>

namespace ordeal::raft::testing {
namespace {

TEST(RaftPlants, R13CountsBothHalvesTogether) {
  expect_caught("R13", "election-safety", {.nodes = 3, .spares = 2}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    if (!cluster.change(1, {1, 2, 3}, {4, 5})) return "no learners";
    cluster.settle();
    // C-old,new reaches the new half. n1 loses it with its power, n2 never hears of it.
    if (!cluster.change(1, {3, 4, 5})) return "no change";
    cluster.deliver_if([](const InFlight& m) { return m.from == NodeId{1} && m.to != NodeId{2}; });
    for (const std::uint32_t node : {3U, 4U, 5U}) cluster.sync(node);
    cluster.wire.clear();
    cluster.lose_power(1);
    cluster.restart(1);
    // Two of three of the old half elect n2. Three of all five, but one of the old half, would elect n4.
    elect_with(cluster, 2, {1});
    if (!cluster.host(2).leads()) return "n2 was not elected";
    elect_with(cluster, 4, {3, 5});
    return "";
  });
}

TEST(RaftPlants, R13CommitsWithoutTheOldHalf) {
  expect_caught("R13", "leader-completeness", {.nodes = 3, .spares = 2}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    if (!cluster.change(1, {1, 2, 3}, {4, 5})) return "no learners";
    cluster.settle();
    cluster.isolate({2, 3});
    if (!cluster.change(1, {1, 4, 5})) return "no change";
    cluster.settle();
    // n1, n4 and n5 are rid of the others, who know nothing of it.
    elect_with(cluster, 2, {3});
    return cluster.host(2).leads() ? "" : "n2 was not elected";
  });
}

}  // namespace
}  // namespace ordeal::raft::testing
