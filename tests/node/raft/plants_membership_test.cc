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
  expect_caught("R13", "quorum-durability", {.nodes = 3, .spares = 2}, [](Cluster& cluster) -> std::string {
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

// Ongaro's message to raft-dev of 2015: S1 adds S5 in term 1, S2 removes S1 in term 2, S1 leads term 3.
TEST(RaftPlants, R14ChangesMembersTooEarly) {
  expect_caught("R14", "leader-completeness", {.nodes = 4, .spares = 1}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    if (!cluster.change(1, {1, 2, 3, 4}, {5})) return "no learner";
    cluster.settle();
    // Term 1: n5 becomes a voter in the logs of n1 and n5.
    cluster.isolate({1, 5});
    if (!cluster.change(1, {1, 2, 3, 4, 5})) return "no change in term 1";
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 5); });
    cluster.sync(1);
    cluster.sync(5);
    cluster.wire.clear();
    // Term 2: n2, which does not know of that, removes n1. Two of the three that are left suffice.
    elect_with(cluster, 2, {3, 4});
    if (!cluster.host(2).leads()) return "n2 was not elected";
    // Ignored: refused without the bug.
    static_cast<void>(cluster.change(2, {2, 3, 4}));
    settle_between(cluster, 2, 3);
    cluster.kill(2);
    cluster.kill(3);
    cluster.wire.clear();
    cluster.heal();
    // Term 3: n1 by the votes of n4 and n5, three of its five. The first try tells it the term.
    cluster.kill(1);
    cluster.restart(1);
    elect_with(cluster, 1, {4, 5});
    elect_with(cluster, 1, {4, 5});
    return "";
  });
}

TEST(RaftPlants, R15KeepsTheMembersOfTheOldLog) {
  const ClusterOptions options{.nodes = 3, .spares = 1, .tweak = keep_log_small};
  expect_caught("R15", "election-safety", options, [](Cluster& cluster) -> std::string {
    // n4 takes n3's place while n1 is away.
    cluster.isolate({1});
    cluster.elect(2);
    if (!cluster.change(2, {1, 2, 4})) return "no change";
    cluster.settle();
    for (int i = 0; i < 8; ++i) {
      cluster.propose(2, "filler");
      cluster.settle();
    }
    cluster.heal();
    cluster.elapse(milliseconds(1500));
    if (cluster.host(1).status().first_index == LogIndex{1}) return "n1 got no snapshot";
    // n2 and n4 are a majority of the members, n1 and n3 one of the members of old.
    cluster.kill(2);
    cluster.restart(2);
    cluster.wire.clear();
    elect_with(cluster, 1, {3});
    elect_with(cluster, 2, {4});
    return cluster.host(2).leads() ? "" : "n2 was not elected";
  });
}

}  // namespace
}  // namespace ordeal::raft::testing
