// The planted bugs of elections and replication: for each a schedule that shows what it breaks, and the same
// schedule without it, which breaks nothing.

#include "tests/node/raft/expect_caught.h"

#include <gtest/gtest.h>

namespace ordeal::raft::testing {
namespace {

// Figure 8 of the paper with three nodes: n1 spreads an entry of term 1 in term 3, counts two copies, and is
// followed by n3, whose last entry is of term 2.
TEST(RaftPlants, R1CommitsOldTermByCounting) {
  const auto one_entry_per_append = [](RaftConfig& config) { config.append_bytes_max = 1; };
  const ClusterOptions options{.nodes = 3, .tweak = one_entry_per_append};
  expect_caught("R1", "leader-completeness", options, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({1});
    cluster.propose(1, "old");  // entry 2 of term 1, at n1 alone
    cluster.sync(1);
    cluster.kill(1);
    cluster.heal();
    // n3 leads term 2 by n2's vote; its no-op, entry 2 of term 2, stays at n3.
    elect_with(cluster, 3, {2});
    if (!cluster.host(3).leads()) return "n3 was not elected in term 2";
    cluster.sync(3);
    cluster.wire.clear();
    cluster.kill(3);
    // n1 leads term 3 by n2's vote (the first try tells it the term) and sends n2 its entry 2, but not yet
    // its no-op.
    cluster.restart(1);
    elect_with(cluster, 1, {2});
    elect_with(cluster, 1, {2});
    if (!cluster.host(1).leads()) return "n1 was not elected in term 3";
    for (int i = 0; i < 2; ++i) {
      cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
      cluster.sync(2);
      cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1); });
    }
    if (cluster.host(2).status().last_index != LogIndex{2}) return "n2 does not have entry 2 alone";
    cluster.wire.clear();
    cluster.kill(1);
    // n3's last term is larger than n2's: n2 must vote for it.
    cluster.restart(3);
    elect_with(cluster, 3, {2});
    elect_with(cluster, 3, {2});
    return cluster.host(3).leads() ? "" : "n3 was not elected again";
  });
}

TEST(RaftPlants, R2ForgetsItsVote) {
  expect_caught("R2", "election-safety", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    // n1 and n2 both stand in term 1. n3 votes for n1, restarts and is asked by n2.
    cluster.campaign(1);
    cluster.campaign(2);
    cluster.deliver_if([](const InFlight& m) { return is_kind(m, "pre-vote-request"); });
    cluster.deliver_if([](const InFlight& m) { return is_kind(m, "pre-vote-reply"); });
    cluster.sync(1);
    cluster.sync(2);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 3); });
    cluster.sync(3);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 3, 1); });
    cluster.kill(3);
    cluster.restart(3);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 3) && is_kind(m, "vote-request"); });
    cluster.sync(3);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 3, 2); });
    return "";
  });
}

TEST(RaftPlants, R3TakesAPreVoteForAVote) {
  expect_caught("R3", "election-safety", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    // n1 and n2 ask for pre-votes. n1 wins by n2's answer, n2 by n3's; n3's answer to n1 is late.
    cluster.campaign(1);
    cluster.campaign(2);
    cluster.deliver_if([](const InFlight& m) { return is_kind(m, "pre-vote-request"); });
    cluster.drop_if([](const InFlight& m) { return is_between(m, 1, 2) && is_kind(m, "pre-vote-reply"); });
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1) || is_between(m, 3, 2); });
    cluster.sync(1);
    cluster.sync(2);
    // n3 votes for n2.
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 3); });
    cluster.sync(3);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 3, 2); });
    if (!cluster.host(2).leads()) return "n2 was not elected";
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 3, 1); });
    return "";
  });
}

TEST(RaftPlants, R4AcknowledgesOnReceipt) {
  expect_caught("R4", "lost: acknowledged", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({3});
    const RequestId write = cluster.propose(1, "acknowledged");
    cluster.sync(1);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1); });
    const bool acknowledged = is_answered(cluster, 1, write);
    cluster.lose_power(2);
    cluster.kill(1);
    cluster.heal();
    cluster.restart(2);
    elect_with(cluster, 2, {3});
    cluster.settle();
    return acknowledged ? find_lost(cluster, 2, LogIndex{2}, "acknowledged") : "";
  });
}

// The leader sends again what it got no answer for: there is nothing to write then, but something to wait
// for.
TEST(RaftPlants, R4AcknowledgesRepetitions) {
  expect_caught("R4", "quorum-durability", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({3});
    cluster.propose(1, "twice");
    const InFlight again = cluster.wire.at(0);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.wire.clear();
    cluster.sync(1);
    cluster.wire.push_back(again);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1); });
    return "";
  });
}

TEST(RaftPlants, R10CutsMatchingEntries) {
  expect_caught("R10", "quorum-durability", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({3});
    cluster.slow_disks.insert(NodeId{1});  // The leader needs n2's copy.
    cluster.propose(1, "first");
    const InFlight late = cluster.wire.at(0);
    cluster.propose(1, "second");
    // n2 stores both and answers; before the answers arrive, the network brings the first append again.
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.sync(2);
    cluster.wire.push_back(late);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.sync(2);
    cluster.sync(1);
    cluster.settle();
    return "";
  });
}

TEST(RaftPlants, R11FollowsTheCommitIndexBlindly) {
  expect_caught("R11", "state-machine-safety", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({1});
    cluster.propose(1, "divergent");
    cluster.sync(1);
    cluster.elect(2);
    cluster.propose(2, "right");
    cluster.settle();
    // A heartbeat of the new leader reaches n1 before its append does.
    cluster.heal();
    cluster.skip(milliseconds(100));
    cluster.step(2);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1) && is_kind(m, "heartbeat"); });
    return "";
  });
}

TEST(RaftPlants, R12VotesWithoutComparingLogs) {
  expect_caught("R12", "leader-completeness", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({3});
    cluster.propose(1, "acknowledged");
    cluster.settle();
    cluster.kill(1);
    cluster.heal();
    cluster.skip(seconds(1));
    cluster.campaign(3);
    cluster.settle();
    return "";
  });
}

TEST(RaftPlants, R20CountsWhatItSent) {
  expect_caught("R20", "quorum-durability", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.propose(1, "dropped");
    cluster.wire.clear();
    cluster.sync(1);
    return "";
  });
}

TEST(RaftPlants, R21CountsALateAcknowledgement) {
  expect_caught("R21", "lost: acknowledged", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    // Term 1: n2 acknowledges entries up to 4, which n1 loses with its power. The answer stays on the way.
    cluster.isolate({3});
    for (int i = 0; i < 3; ++i) cluster.propose(1, "gone");
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.sync(2);
    const InFlight late = cluster.wire.back();
    cluster.wire.clear();
    cluster.lose_power(1);
    cluster.restart(1);
    cluster.heal();
    // Term 2: n3 cuts them at n2.
    elect_with(cluster, 3, {1});
    cluster.settle();
    if (cluster.host(2).status().last_index != LogIndex{2}) return "n2 does not follow n3";
    // Term 3: n1 writes others in their place, which reach nobody. The answer arrives.
    elect_with(cluster, 1, {2});
    const RequestId write = cluster.propose(1, "acknowledged");
    cluster.sync(1);
    cluster.wire = {late};
    cluster.deliver(0);
    const bool acknowledged = is_answered(cluster, 1, write);
    cluster.kill(1);
    cluster.wire.clear();
    elect_with(cluster, 2, {3});
    cluster.settle();
    return acknowledged ? find_lost(cluster, 2, LogIndex{4}, "acknowledged") : "";
  });
}

TEST(RaftPlants, R21CountsALateReportOfTheDisk) {
  expect_caught("R21", "lost: acknowledged", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(2);
    // Term 1: n1 is writing entries up to 4 when n2 loses them with its power.
    cluster.isolate({3});
    cluster.slow_disks.insert(NodeId{1});
    for (int i = 0; i < 3; ++i) cluster.propose(2, "gone");
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1); });
    cluster.wire.clear();
    cluster.lose_power(2);
    cluster.restart(2);
    cluster.heal();
    // Term 2: n3 has them cut at n1 before the disk is done with them.
    elect_with(cluster, 3, {2});
    cluster.settle();
    if (cluster.host(1).status().last_index != LogIndex{2}) return "n1 does not follow n3";
    cluster.sync(1);
    // Term 3: n1 counts entry 4, which its disk does not have.
    elect_with(cluster, 1, {2});
    const RequestId write = cluster.propose(1, "acknowledged");
    settle_between(cluster, 1, 2);
    const bool acknowledged = is_answered(cluster, 1, write);
    cluster.kill(2);
    cluster.lose_power(1);
    cluster.restart(1);
    cluster.slow_disks.clear();
    cluster.wire.clear();
    elect_with(cluster, 1, {3});
    cluster.settle();
    return acknowledged ? find_lost(cluster, 1, LogIndex{4}, "acknowledged") : "";
  });
}

TEST(RaftPlants, R22TakesHalfForAMajority) {
  expect_caught("R22", "election-safety", {.nodes = 4}, [](Cluster& cluster) -> std::string {
    cluster.isolate({1, 2});
    elect_with(cluster, 1, {2});
    elect_with(cluster, 3, {4});
    return "";
  });
}

TEST(RaftPlants, R22CommitsInBothHalves) {
  expect_caught("R22", "quorum-durability", {.nodes = 4}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({1, 2});
    cluster.propose(1, "here");
    cluster.settle();
    return "";
  });
}

TEST(RaftPlants, R24NeverForgetsALeader) {
  expect_caught("R24", "no leader", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.kill(1);
    cluster.elapse(seconds(20));
    return cluster.leader() == nullptr ? "no leader" : "";
  });
}

// With five nodes it does not help that the dead one, which knows no leader, comes back.
TEST(RaftPlants, R24RefusesTheLeaderThatAsks) {
  expect_caught("R24", "no leader", {.nodes = 5}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.kill(1);
    cluster.restart(1);
    cluster.elapse(seconds(20));
    return cluster.leader() == nullptr ? "no leader" : "";
  });
}

TEST(RaftPlants, R25LeadsOnWithoutHearingAnybody) {
  expect_caught("R25", "nobody can write", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    // One-way: n1's heartbeats arrive, nothing comes back.
    cluster.cut(2, 1);
    cluster.cut(3, 1);
    cluster.elapse(seconds(6));
    Host* leader = cluster.leader();
    if (leader == nullptr) return "no leader";
    const RequestId write = cluster.propose(leader->id().value(), "wanted");
    cluster.elapse(seconds(2));
    const std::optional<Outcome> outcome = leader->outcome(write);
    return outcome && !outcome->refused ? "" : "nobody can write";
  });
}

TEST(RaftPlants, R25AnyMessageRestartsTheElectionTimer) {
  expect_caught("R25", "no leader", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({3});
    cluster.propose(1, "known to n2");
    cluster.settle();
    cluster.kill(1);
    cluster.heal();
    // n3 cannot win, its log is short. But it asks often.
    for (int i = 0; i < 20 && cluster.leader() == nullptr; ++i) {
      cluster.elapse(milliseconds(800));
      cluster.campaign(3);
      cluster.settle();
    }
    return cluster.leader() == nullptr ? "no leader" : "";
  });
}

}  // namespace
}  // namespace ordeal::raft::testing
