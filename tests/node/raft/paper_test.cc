// One test per rule of the papers: terms, elections, replication. "Raft n" is the paper of 2014, "thesis n"
// Ongaro's thesis.

#include "tests/node/raft/solo.h"

#include <gtest/gtest.h>

#include <set>

namespace ordeal::raft::testing {
namespace {

// --- Terms ------------------------------------------------------------------------------------------------

// Raft 5.1: "If one server's current term is smaller than the other's, then it updates its current term".
TEST(RaftPaper, S51FollowsALargerTerm) {
  Solo node;
  node.receive(2, Term{7}, VoteRequest{});
  EXPECT_EQ(node.status().term, Term{7});
}

// Raft 5.1: "If a candidate or leader discovers that its term is out of date, it immediately reverts to
// follower state".
TEST(RaftPaper, S51LeaderOfAnOldTermStepsDown) {
  Solo node;
  node.lead();
  node.receive(2, Term{9}, HeartbeatReply{});
  EXPECT_EQ(node.status().role, "follower");
  EXPECT_EQ(node.status().term, Term{9});
}

// Raft 5.1: "If a server receives a request with a stale term number, it rejects the request."
TEST(RaftPaper, S51RejectsRequestsOfAnOldTerm) {
  Solo node;
  node.append(2, Term{5}, {}, {}, {5});
  node.sync();
  node.sent();
  node.append(3, Term{4}, {}, {}, {4, 4});
  EXPECT_EQ(node.log_terms(), std::vector<std::uint64_t>{5});
  const auto messages = node.sent();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].second.term, Term{5}) << "the old leader learns of the newer term";
}

// --- Elections --------------------------------------------------------------------------------------------

// Raft 5.2: "each server will vote for at most one candidate in a given term, on a first-come-first-served
// basis".
TEST(RaftPaper, S52VotesOncePerTerm) {
  Solo node;
  node.receive(2, Term{1}, VoteRequest{});
  node.receive(3, Term{1}, VoteRequest{});
  node.receive(2, Term{1}, VoteRequest{});
  node.sync();
  const auto replies = node.sent_of<VoteReply>();
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_TRUE(replies[0].granted);
  EXPECT_FALSE(replies[1].granted);
  EXPECT_TRUE(replies[2].granted) << "the same candidate may ask again";
}

// Raft figure 2: currentTerm and votedFor are "updated on stable storage before responding to RPCs".
TEST(RaftPaper, Figure2VoteIsDurableBeforeItIsGiven) {
  Solo node;
  node.receive(2, Term{1}, VoteRequest{});
  EXPECT_TRUE(node.sent().empty());
  node.sync();
  EXPECT_EQ(node.sent().size(), 1U);
  node.host().lose_power(0);
  node.host().start(node.now());
  node.receive(3, Term{1}, VoteRequest{});
  node.sync();
  EXPECT_FALSE(node.sent_of<VoteReply>().at(0).granted) << "the vote survived";
}

// Raft 5.2: a candidate that hears from a leader of its term "recognizes the leader as legitimate and returns
// to follower state".
TEST(RaftPaper, S52CandidateFollowsALeaderOfItsTerm) {
  Solo node(3, [](RaftConfig& config) { config.pre_vote = false; });
  node.elapse(seconds(2));
  node.step();
  ASSERT_EQ(node.status().role, "candidate");
  node.append(2, node.status().term, {}, {}, {});
  EXPECT_EQ(node.status().role, "follower");
  EXPECT_EQ(node.status().leader, NodeId{2});
}

// Raft 5.2: "election timeouts are chosen randomly from a fixed interval"; thesis 9.1: [T, 2T).
TEST(RaftPaper, S52TimeoutsAreSpread) {
  std::set<std::int64_t> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Solo node(3, {}, seed);
    const Duration timeout = node.host().next_wake - node.now();
    EXPECT_GE(timeout, milliseconds(1000));
    EXPECT_LT(timeout, milliseconds(2000));
    seen.insert(timeout.ns());
  }
  EXPECT_GT(seen.size(), 190U);
}

// Raft 5.2, with storage that takes its time: a candidate counts itself when its own vote is durable.
TEST(RaftPaper, S52OwnVoteCountsWhenDurable) {
  Solo node(1);
  node.elapse(seconds(2));
  node.step();
  EXPECT_EQ(node.status().role, "candidate");
  node.sync();
  EXPECT_EQ(node.status().role, "leader");
}

// Raft 5.4.1: the voter "denies its vote if its own log is more up-to-date than that of the candidate".
TEST(RaftPaper, S541ComparesLogs) {
  struct Case {
    std::uint64_t last_index;
    std::uint64_t last_term;
    bool granted;
  };
  // The voter's last entry is entry 2 of term 2.
  for (const Case& given :
       {Case{1, 3, true}, Case{2, 2, true}, Case{3, 2, true}, Case{1, 2, false}, Case{9, 1, false}}) {
    Solo node;
    node.append(2, Term{2}, {}, {}, {1, 2});
    node.sync();
    node.sent();
    node.receive(3, Term{5}, VoteRequest{LogIndex{given.last_index}, Term{given.last_term}});
    node.sync();
    EXPECT_EQ(node.sent_of<VoteReply>().at(0).granted, given.granted)
        << given.last_index << "/" << given.last_term;
  }
}

// Thesis 9.6: a pre-vote is refused while a leader is heard, and changes neither term nor vote.
TEST(RaftPaper, T96PreVoteDisturbsNobody) {
  Solo node;
  node.append(2, Term{1}, {}, {}, {1});
  node.sync();
  node.sent();
  node.receive(3, Term{1}, PreVoteRequest{Term{2}, LogIndex{9}, Term{1}});
  EXPECT_FALSE(node.sent_of<PreVoteReply>().at(0).granted);
  node.elapse(milliseconds(1000));
  node.receive(3, Term{1}, PreVoteRequest{Term{2}, LogIndex{9}, Term{1}});
  EXPECT_TRUE(node.sent_of<PreVoteReply>().at(0).granted);
  EXPECT_EQ(node.status().term, Term{1});
}

// Thesis 9.6: the leader that asks itself no longer leads; refusing it for its own sake would lock the
// cluster.
TEST(RaftPaper, T96PreVoteOfTheLeaderItselfIsHeard) {
  Solo node;
  node.append(2, Term{1}, {}, {}, {1});
  node.sent();
  node.receive(2, Term{1}, PreVoteRequest{Term{2}, LogIndex{9}, Term{1}});
  EXPECT_TRUE(node.sent_of<PreVoteReply>().at(0).granted);
}

// Thesis 9.6: a pre-vote is no vote.
TEST(RaftPaper, T96PreVotesAreNotCountedAsVotes) {
  Solo node(5);
  node.elapse(seconds(2));
  node.step();
  node.receive(2, Term{0}, PreVoteReply{Term{1}, true});
  node.receive(3, Term{0}, PreVoteReply{Term{1}, true});
  node.sync();
  ASSERT_EQ(node.status().role, "candidate");
  node.receive(4, Term{0}, PreVoteReply{Term{1}, true});
  node.receive(5, Term{0}, PreVoteReply{Term{1}, true});
  EXPECT_EQ(node.status().role, "candidate");
}

// --- Replication ------------------------------------------------------------------------------------------

// Raft 5.3: "If the follower does not find an entry in its log with the same index and term, then it
// refuses".
TEST(RaftPaper, S53RefusesWhatDoesNotFit) {
  Solo node;
  node.append(2, Term{2}, LogIndex{3}, Term{2}, {2});
  EXPECT_TRUE(node.log_terms().empty());
  const auto replies = node.sent_of<AppendReply>();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_FALSE(replies[0].accepted);
  EXPECT_EQ(replies[0].index, LogIndex{0});
}

// Raft figure 2: "If an existing entry conflicts with a new one, delete the existing entry and all that
// follow it".
TEST(RaftPaper, S53CutsConflictingEntriesAlone) {
  Solo node;
  node.append(2, Term{2}, {}, {}, {1, 2, 2, 2});
  node.append(3, Term{3}, LogIndex{1}, Term{1}, {2, 3});
  EXPECT_EQ(node.log_terms(), (std::vector<std::uint64_t>{1, 2, 3}));
}

// The same, the other way round: an old message must not cut what follows matching entries.
TEST(RaftPaper, S53KeepsEntriesAfterMatchingOnes) {
  Solo node;
  node.append(2, Term{2}, {}, {}, {1, 2, 2, 2});
  node.append(2, Term{2}, LogIndex{1}, Term{1}, {2});
  EXPECT_EQ(node.log_terms(), (std::vector<std::uint64_t>{1, 2, 2, 2}));
}

// Raft figure 2: "set commitIndex = min(leaderCommit, index of last new entry)".
TEST(RaftPaper, S53CommitsNoFurtherThanVerified) {
  Solo node;
  node.append(2, Term{2}, {}, {}, {1, 2, 2});
  node.append(3, Term{3}, LogIndex{1}, Term{1}, {}, LogIndex{3});
  EXPECT_EQ(node.status().commit, LogIndex{1});
  node.receive(3, Term{3}, Heartbeat{LogIndex{3}, 1, {}});
  EXPECT_EQ(node.status().commit, LogIndex{1});
}

// Raft 5.3: an acknowledgement promises that the entries survive.
TEST(RaftPaper, S53AcknowledgesWhatIsDurable) {
  Solo node;
  node.append(2, Term{1}, {}, {}, {1, 1});
  EXPECT_TRUE(node.sent_of<AppendReply>().empty());
  // Also when the same comes again and nothing is left to write.
  node.append(2, Term{1}, {}, {}, {1, 1});
  EXPECT_TRUE(node.sent_of<AppendReply>().empty());
  node.sync();
  EXPECT_EQ(node.sent_of<AppendReply>().size(), 2U);
}

// Entries that are not what the leader has are not taken, although index and term fit.
TEST(RaftPaper, S53ChecksTheChain) {
  Solo node;
  Append forged{LogIndex{}, Term{}, LogIndex{}, 12345, {}};
  forged.entries.push_back({LogIndex{1}, Term{1}, EntryKind::kCommand, 0, "x"});
  node.receive(2, Term{1}, forged);
  EXPECT_TRUE(node.log_terms().empty());
  EXPECT_EQ(node.host().events.back().name, "chain-mismatch");
}

// Raft 5.4.2: "Raft never commits log entries from previous terms by counting replicas."
TEST(RaftPaper, S542CommitsOldEntriesThroughItsOwn) {
  Solo node;
  node.append(2, Term{1}, {}, {}, {1, 1});
  node.sync();
  node.lead();
  node.acknowledge(2, LogIndex{2});
  EXPECT_EQ(node.status().commit, LogIndex{0});
  node.acknowledge(2, LogIndex{3});
  EXPECT_EQ(node.status().commit, LogIndex{3});
}

// Raft 8: a leader commits "a blank no-op entry into the log at the start of its term".
TEST(RaftPaper, S8NoOpOpensTheTerm) {
  Solo node;
  node.lead();
  EXPECT_EQ(node.log_terms(), std::vector<std::uint64_t>{node.status().term.value()});
}

// Thesis 10.2.1: the leader sends before its disk is done, and counts its own copy only afterwards.
TEST(RaftPaper, T1021LeaderWritesInParallel) {
  Solo node;
  node.lead();
  node.acknowledge(2, LogIndex{1});
  node.acknowledge(3, LogIndex{1});
  node.sent();
  node.propose("x");
  EXPECT_EQ(node.sent_of<Append>().size(), 2U);
  node.acknowledge(2, LogIndex{2});
  EXPECT_EQ(node.status().commit, LogIndex{1}) << "one durable copy of three";
  node.sync();
  EXPECT_EQ(node.status().commit, LogIndex{2});
}

TEST(RaftPaper, T1021FollowersMayCommitWithoutTheLeadersDisk) {
  Solo node;
  node.lead();
  node.acknowledge(2, LogIndex{1});
  node.propose("x");
  node.acknowledge(2, LogIndex{2});
  node.acknowledge(3, LogIndex{2});
  EXPECT_EQ(node.status().commit, LogIndex{2});
}

// Thesis 10.2.2, batching: what arrives together leaves together.
TEST(RaftPaper, T1022OneStepGivesOneAppendPerPeer) {
  Solo node;
  node.lead();
  node.acknowledge(2, LogIndex{1});
  node.acknowledge(3, LogIndex{1});
  node.sent();
  std::vector<Input> requests;
  for (int i = 0; i < 50; ++i) requests.emplace_back(ClientRequest{node.host().next_request(), "x", false});
  node.host().step(node.now(), std::move(requests));
  const auto appends = node.sent_of<Append>();
  ASSERT_EQ(appends.size(), 2U);
  EXPECT_EQ(appends[0].entries.size(), 50U);
}

TEST(RaftPaper, T1022PipelinesUpToTheLimit) {
  Solo node(3, [](RaftConfig& config) { config.inflight_messages_max = 3; });
  node.lead();
  node.acknowledge(2, LogIndex{1});
  node.sent();
  for (int i = 0; i < 10; ++i) node.propose("x");
  EXPECT_EQ(node.sent_of<Append>().size(), 3U) << "n2 is pipelined, n3 is still being probed";
}

TEST(RaftPaper, BackPressureRefusesDefinitely) {
  Solo node(3, [](RaftConfig& config) { config.uncommitted_bytes_max = 100; });
  node.lead();
  node.propose(Bytes(500, 'x'));  // Larger than the limit, but alone.
  const RequestId refused = node.propose("y");
  ASSERT_TRUE(node.host().outcome(refused).has_value());
  EXPECT_EQ(node.host().outcome(refused)->refused, RefusalCode::kOverloaded);
  node.acknowledge(2, LogIndex{2});
  node.acknowledge(3, LogIndex{2});
  const RequestId taken = node.propose("z");
  EXPECT_FALSE(node.host().outcome(taken).has_value());
}

}  // namespace
}  // namespace ordeal::raft::testing
