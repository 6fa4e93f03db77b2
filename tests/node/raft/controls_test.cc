// Negative controls: what a correct core does although it looks wrong at first sight. No invariant may take
// it for a violation.

#include "tests/node/raft/expect_caught.h"

#include <gtest/gtest.h>

namespace ordeal::raft::testing {
namespace {

void expect_everywhere(Cluster& cluster, LogIndex index, const Bytes& command) {
  for (auto& [id, host] : cluster.hosts()) {
    EXPECT_EQ(find_lost(cluster, id.value(), index, command), "") << node_name(id);
  }
}

// Thesis 10.2.1: the leader "may even commit an entry before it has been written to its own disk".
TEST(RaftControls, LeaderCommitsBeforeItsOwnDisk) {
  Cluster cluster;
  cluster.elect(1);
  cluster.slow_disks.insert(NodeId{1});
  const RequestId write = cluster.propose(1, "acknowledged");
  cluster.settle();
  EXPECT_TRUE(is_answered(cluster, 1, write));
  EXPECT_EQ(inspect(cluster.host(1).core(), LogIndex{1}).durable, LogIndex{1});
  // Its disk never gets it. The others have it.
  cluster.lose_power(1);
  cluster.slow_disks.clear();
  cluster.restart(1);
  EXPECT_EQ(cluster.host(1).status().last_index, LogIndex{1});
  cluster.elapse(seconds(5));
  expect_everywhere(cluster, LogIndex{2}, "acknowledged");
  EXPECT_EQ(cluster.violation_text(), "");
}

// Raft figure 2: commitIndex is volatile; thesis 3.8: it may be, since it is found again.
TEST(RaftControls, CommitIndexIsForgotten) {
  Cluster cluster;
  cluster.elect(1);
  cluster.propose(1, "acknowledged");
  cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
  cluster.sync(1);
  cluster.sync(2);
  cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1); });
  ASSERT_EQ(cluster.host(1).status().commit, LogIndex{2});
  // The entry is on disk, its effects are not.
  cluster.lose_power(1);
  cluster.restart(1);
  EXPECT_EQ(cluster.host(1).status().commit, LogIndex{1});
  EXPECT_EQ(cluster.host(1).status().last_index, LogIndex{2});
  cluster.elapse(seconds(5));
  expect_everywhere(cluster, LogIndex{2}, "acknowledged");
  EXPECT_EQ(cluster.violation_text(), "");
}

// Raft 5.3: the leader applies an entry and answers as soon as it is committed; followers learn of that
// later, perhaps from another leader.
TEST(RaftControls, LeaderAppliesBeforeFollowersKnowTheCommit) {
  Cluster cluster;
  cluster.elect(1);
  const RequestId write = cluster.propose(1, "acknowledged");
  cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
  cluster.sync(1);
  cluster.sync(2);
  cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1); });
  EXPECT_TRUE(is_answered(cluster, 1, write));
  EXPECT_EQ(cluster.host(1).applied(), LogIndex{2});
  EXPECT_EQ(cluster.host(2).status().commit, LogIndex{1});
  cluster.wire.clear();
  cluster.kill(1);
  elect_with(cluster, 2, {3});
  cluster.settle();
  cluster.restart(1);
  cluster.elapse(seconds(1));
  expect_everywhere(cluster, LogIndex{2}, "acknowledged");
  EXPECT_EQ(cluster.violation_text(), "");
}

// Thesis 4.2.3 lets voters ignore candidates while they hear a leader. With pre-vote that is needed for
// leases alone: without them a vote is given, and two leaders of different terms stand side by side.
TEST(RaftControls, VoteIsGivenWhileALeaderIsHeard) {
  Cluster cluster;
  cluster.elect(1);
  // For n3's fast clock n1 has been silent for long.
  cluster.host(3).ahead += seconds(1);
  cluster.campaign(2);
  cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 3); });
  cluster.deliver_if([](const InFlight& m) { return is_between(m, 3, 2); });
  // n3 hears n1 again before n2's request arrives.
  cluster.propose(1, "of term 1");
  cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 3); });
  cluster.sync(2);
  cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 3) && is_kind(m, "vote-request"); });
  EXPECT_EQ(cluster.host(3).status().term, Term{2});
  EXPECT_TRUE(cluster.host(1).leads());
  cluster.elapse(seconds(5));
  ASSERT_NE(cluster.leader(), nullptr);
  EXPECT_EQ(cluster.violation_text(), "");
}

// Raft 8: a client that is told of lost leadership does not know whether its command will be executed.
TEST(RaftControls, WriteOfUnknownOutcomeAppearsLater) {
  Cluster cluster;
  cluster.elect(1);
  const RequestId write = cluster.propose(1, "late");
  cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
  cluster.sync(1);
  cluster.sync(2);
  cluster.wire.clear();
  cluster.isolate({1});
  cluster.elapse(seconds(10));
  const std::optional<Outcome> outcome = cluster.host(1).outcome(write);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->refused, RefusalCode::kLeadershipLost);
  EXPECT_EQ(find_lost(cluster, 2, LogIndex{2}, "late"), "");
  cluster.heal();
  cluster.elapse(seconds(5));
  expect_everywhere(cluster, LogIndex{2}, "late");
  EXPECT_EQ(cluster.violation_text(), "");
}

}  // namespace
}  // namespace ordeal::raft::testing
