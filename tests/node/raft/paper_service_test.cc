// One test per rule of the papers: reads, leadership, members, snapshots, forwarding. "Raft n" is the paper
// of 2014, "thesis n" Ongaro's thesis.

#include "tests/node/raft/solo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::raft::testing {
namespace {

// --- Reads ------------------------------------------------------------------------------------------------

// Thesis 6.4, step 1: no read index before an entry of the own term is committed.
TEST(RaftPaper, T64WaitsForAnEntryOfItsTerm) {
  Solo node;
  node.lead();
  node.sent();
  const RequestId read = node.read();
  EXPECT_TRUE(node.sent_of<Heartbeat>().empty());
  node.acknowledge(2, LogIndex{1});
  const auto rounds = node.sent_of<Heartbeat>();
  ASSERT_EQ(rounds.size(), 2U);
  EXPECT_FALSE(node.host().outcome(read).has_value());
  node.receive(3, node.status().term, HeartbeatReply{rounds[0].round, rounds[0].sent_at, LogIndex{}});
  ASSERT_TRUE(node.host().outcome(read).has_value());
  EXPECT_EQ(node.host().outcome(read)->index, LogIndex{1});
}

// Thesis 6.4: only a round that began after the read confirms it.
TEST(RaftPaper, T64OlderRoundsDoNotConfirm) {
  Solo node;
  node.lead();
  node.acknowledge(2, LogIndex{1});
  node.elapse(milliseconds(100));
  node.step();
  const auto before = node.sent_of<Heartbeat>().at(0);
  const RequestId read = node.read();
  node.receive(2, node.status().term, HeartbeatReply{before.round, before.sent_at, LogIndex{1}});
  EXPECT_FALSE(node.host().outcome(read).has_value());
}

TEST(RaftPaper, T64ManyReadsShareARound) {
  Solo node;
  node.lead();
  node.acknowledge(2, LogIndex{1});
  node.sent();
  std::vector<Input> reads;
  for (int i = 0; i < 50; ++i) reads.emplace_back(ClientRequest{node.host().next_request(), "read", true});
  node.host().step(node.now(), std::move(reads));
  EXPECT_EQ(node.sent_of<Heartbeat>().size(), 2U);
}

class RaftLease : public ::testing::Test {
 protected:
  RaftLease() : node(3, [](RaftConfig& config) { config.read_mode = ReadMode::kLease; }) {
    node.lead();
    node.acknowledge(2, LogIndex{1});
    node.elapse(milliseconds(100));
    node.step();
    round = node.sent_of<Heartbeat>().at(0);
  }
  void answer_round() {
    node.receive(2, node.status().term, HeartbeatReply{round.round, round.sent_at, LogIndex{1}});
  }
  bool answered_at_once() { return node.host().outcome(node.read()).has_value(); }

  Solo node;
  Heartbeat round;
};

// Thesis 6.4.1: the lease runs from "when it sent the heartbeat", not from the answer.
TEST_F(RaftLease, CountsFromTheSending) {
  node.elapse(milliseconds(500));
  answer_round();
  EXPECT_TRUE(answered_at_once());
  node.elapse(milliseconds(390));
  EXPECT_TRUE(answered_at_once());
  node.elapse(milliseconds(10));  // An election timeout less the drift is over.
  EXPECT_FALSE(answered_at_once());
}

TEST_F(RaftLease, EndsWhenLeadershipIsHandedOver) {
  answer_round();
  ASSERT_TRUE(answered_at_once());
  auto output = node.host().core().leadership()->transfer(Now{node.now(), {}}, node.host().rng, NodeId{2});
  ASSERT_TRUE(output.ok());
  node.host().take(node.now(), std::move(output).value());
  EXPECT_EQ(node.sent_of<TimeoutNow>().size(), 1U);
  EXPECT_FALSE(answered_at_once());
  // The transfer is given up, but the request to campaign may still be on its way.
  node.elapse(milliseconds(850));
  node.step();
  const auto later = node.sent_of<Heartbeat>().back();
  node.receive(2, node.status().term, HeartbeatReply{later.round, later.sent_at, LogIndex{1}});
  node.elapse(milliseconds(200));
  node.step();
  const auto last = node.sent_of<Heartbeat>().back();
  node.receive(2, node.status().term, HeartbeatReply{last.round, last.sent_at, LogIndex{1}});
  EXPECT_FALSE(answered_at_once());
}

// Thesis 6.4.1 and 4.2.3: the lease stands on voters that do not vote while they hear a leader.
TEST_F(RaftLease, VotersWithholdTheirVotes) {
  Solo voter(3, [](RaftConfig& config) { config.read_mode = ReadMode::kLease; });
  voter.elapse(milliseconds(1000));
  voter.append(2, Term{1}, {}, {}, {1});
  voter.receive(3, Term{2}, VoteRequest{LogIndex{9}, Term{1}});
  EXPECT_EQ(voter.status().term, Term{1}) << "not even the term is taken";
  voter.receive(3, Term{2}, VoteRequest{LogIndex{9}, Term{1}, true});
  EXPECT_EQ(voter.status().term, Term{2}) << "the leader itself asked for this election";
}

// 1. The voter hears leader 2 and so promises; 2. a late answer to an old candidacy tells it of term 2; 3.
// the candidate of term 2 asks. The leader's lease still counts on the promise.
TEST_F(RaftLease, NewerTermDoesNotFreeAVoterOfItsPromise) {
  Solo voter(3, [](RaftConfig& config) { config.read_mode = ReadMode::kLease; });
  voter.elapse(milliseconds(1000));
  voter.append(2, Term{1}, {}, {}, {1});
  voter.receive(3, Term{2}, VoteReply{false});
  ASSERT_EQ(voter.status().term, Term{2});
  voter.sync();
  voter.sent();
  voter.receive(3, Term{2}, VoteRequest{LogIndex{9}, Term{1}});
  voter.sync();
  EXPECT_TRUE(voter.sent_of<VoteReply>().empty());
  voter.elapse(milliseconds(1000));
  voter.receive(3, Term{2}, VoteRequest{LogIndex{9}, Term{1}});
  voter.sync();
  const auto replies = voter.sent_of<VoteReply>();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].granted);
}

TEST_F(RaftLease, RestartedVoterMayHavePromised) {
  Solo voter(3, [](RaftConfig& config) { config.read_mode = ReadMode::kLease; });
  voter.receive(3, Term{2}, VoteRequest{LogIndex{9}, Term{1}});
  EXPECT_EQ(voter.status().term, Term{0});
}

// --- Leadership and members -------------------------------------------------------------------------------

// Thesis 6.2: "a leader steps down if an election timeout elapses without a successful round of heartbeats to
// a majority".
TEST(RaftPaper, T62LeaderWithoutMajorityStepsDown) {
  Solo node;
  node.lead();
  const RequestId write = node.propose("x");
  node.elapse(milliseconds(999));
  node.step();
  EXPECT_EQ(node.status().role, "leader");
  node.elapse(milliseconds(101));
  node.step();
  EXPECT_EQ(node.status().role, "follower");
  EXPECT_EQ(node.host().outcome(write)->refused, RefusalCode::kLeadershipLost);
}

// Every read that waits for a round brings the next heartbeats forward; the leader's other duties must not
// wait for a quiet moment.
TEST(RaftPaper, T62LeaderWithoutMajorityStepsDownUnderSteadyReads) {
  Solo node;
  node.lead();
  node.acknowledge(2, node.status().last_index);
  for (int read = 0; read < 40 && node.status().role == "leader"; ++read) {
    node.elapse(milliseconds(50));
    node.read();
  }
  EXPECT_EQ(node.status().role, "follower");
}

// Thesis 3.10: the target has everything before it is asked to campaign; nothing new is taken in between.
TEST(RaftPaper, T310TargetCatchesUpFirst) {
  Solo node;
  node.lead();
  node.acknowledge(2, LogIndex{1});
  node.propose("x");
  node.sent();
  auto output = node.host().core().leadership()->transfer(Now{node.now(), {}}, node.host().rng, NodeId{2});
  ASSERT_TRUE(output.ok());
  node.host().take(node.now(), std::move(output).value());
  EXPECT_TRUE(node.sent_of<TimeoutNow>().empty());
  EXPECT_EQ(node.host().outcome(node.propose("y"))->refused, RefusalCode::kNoLeader);
  node.acknowledge(2, LogIndex{2});
  EXPECT_EQ(node.sent_of<TimeoutNow>().size(), 1U);
}

TEST(RaftPaper, T310RefusesWhoCannotLead) {
  Solo node;
  const auto transfer = [&](std::uint32_t target) {
    return node.host().core().leadership()->transfer(Now{node.now(), {}}, node.host().rng, NodeId{target});
  };
  EXPECT_EQ(transfer(2).error().code, ErrorCode::kUnavailable) << "not the leader";
  node.lead();
  EXPECT_EQ(transfer(1).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(transfer(9).error().code, ErrorCode::kInvalidArgument);
}

// Raft 6: in the joint phase "agreement requires separate majorities from both the old and new
// configurations".
TEST(RaftPaper, S6JointConsensusNeedsBothMajorities) {
  Solo node(3);
  node.lead();
  node.acknowledge(2, LogIndex{1});
  auto output = node.host().core().membership()->change(Now{node.now(), {}}, node.host().rng,
                                                        {NodeId{1}, NodeId{4}, NodeId{5}}, {});
  ASSERT_TRUE(output.ok());
  node.host().take(node.now(), std::move(output).value());
  node.sync();
  // Learners first: entry 2. It is committed by the old voters alone.
  EXPECT_EQ(node.status().learners, (std::vector<NodeId>{NodeId{4}, NodeId{5}}));
  node.acknowledge(2, LogIndex{2});
  ASSERT_EQ(node.status().commit, LogIndex{2});
  node.acknowledge(4, LogIndex{2});
  node.acknowledge(5, LogIndex{2});
  // Now C-old,new: entry 3.
  ASSERT_EQ(node.status().last_index, LogIndex{3});
  node.sync();
  node.acknowledge(4, LogIndex{3});
  node.acknowledge(5, LogIndex{3});
  EXPECT_EQ(node.status().commit, LogIndex{2}) << "all of the new half, one of the old";
  node.acknowledge(3, LogIndex{3});
  EXPECT_EQ(node.status().commit, LogIndex{3});
  EXPECT_EQ(node.status().last_index, LogIndex{4}) << "C-new follows by itself";
  EXPECT_EQ(node.status().voters, (std::vector<NodeId>{NodeId{1}, NodeId{4}, NodeId{5}}));
}

// Thesis 4.2.1: a learner is replicated to and does not count.
TEST(RaftPaper, T421LearnersDoNotCount) {
  Solo node(1);
  node.elapse(seconds(2));
  node.step();
  node.sync();
  node.sync();
  ASSERT_EQ(node.status().role, "leader");
  auto output =
      node.host().core().membership()->change(Now{node.now(), {}}, node.host().rng, {NodeId{1}}, {NodeId{2}});
  ASSERT_TRUE(output.ok());
  node.host().take(node.now(), std::move(output).value());
  node.sync();
  EXPECT_EQ(node.status().commit, LogIndex{2});
  ASSERT_EQ(node.status().peers.size(), 1U);
  EXPECT_TRUE(node.status().peers[0].learner);
}

TEST(RaftPaper, S6RefusesImpossibleMembers) {
  Solo node;
  const auto change = [&](std::vector<NodeId> voters, std::vector<NodeId> learners) {
    return node.host().core().membership()->change(Now{node.now(), {}}, node.host().rng, std::move(voters),
                                                   std::move(learners));
  };
  EXPECT_EQ(change({NodeId{1}}, {}).error().code, ErrorCode::kUnavailable) << "not the leader";
  node.lead();
  EXPECT_EQ(change({NodeId{1}}, {}).error().code, ErrorCode::kUnavailable)
      << "nothing of this term is committed";
  node.acknowledge(2, LogIndex{1});
  EXPECT_EQ(change({}, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(change({NodeId{1}}, {NodeId{1}}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(change({NodeId{0}}, {}).error().code, ErrorCode::kInvalidArgument);
}

// --- Snapshots --------------------------------------------------------------------------------------------

Bytes empty_state_at(LogIndex index) {
  Encoder out;
  out.bytes("applied");
  out.bytes(big_endian_key(index.value()));
  return std::move(out).take();
}

SnapshotPart snapshot_at(LogIndex index, Term term) {
  const Bytes bytes = empty_state_at(index);
  const Configuration members{{NodeId{1}, NodeId{2}, NodeId{3}}, {}, {}};
  return {SnapshotId{7}, {index, term, 99, members}, 0, bytes, crc32c(bytes), true};
}

// A leader waits with cutting its log for a peer that is sent a snapshot, but not for ever: a disk that takes
// very long to pin the state must not bring the node down.
TEST(RaftPaper, S7SnapshotThatCameTooLateIsTakenAgain) {
  Solo node(3, [](RaftConfig& config) {
    config.snapshot_every = 4;
    config.snapshot_keep = 1;
  });
  node.lead();
  const auto commit_some = [&node](int count) {
    for (int i = 0; i < count; ++i) node.propose("x");
    node.sync();
    node.acknowledge(2, node.status().last_index);
    node.host().step(node.now(), {Executed{node.host().applied(), {}}});
  };
  commit_some(10);
  ASSERT_GT(node.status().first_index, LogIndex{1});
  node.step();
  ASSERT_THAT(node.host().duties, ::testing::Contains(::testing::StartsWith("pins")));
  commit_some(60);
  node.host().duties.clear();
  node.report();
  node.step();
  EXPECT_THAT(node.host().duties, ::testing::Contains(::testing::StartsWith("lets go")));
  EXPECT_THAT(node.host().duties, ::testing::Contains(::testing::StartsWith("pins")));
}

// Answers may overtake each other and arrive twice. One that is late takes the leader back to a chunk that
// the receiver has had for long, and which it answers with how far it is.
TEST(RaftPaper, S7LateAnswerDoesNotHoldUpASnapshot) {
  Solo node(3, [](RaftConfig& config) {
    config.snapshot_every = 4;
    config.snapshot_keep = 1;
    config.snapshot_chunk_bytes = 4;
  });
  node.lead();
  for (int i = 0; i < 10; ++i) node.propose("x");
  node.sync();
  node.acknowledge(2, node.status().last_index);
  node.host().step(node.now(), {Executed{node.host().applied(), {}}});
  node.step();
  const auto next_part = [&node] {
    while (node.host().report(node.now())) {
    }
    const auto parts = node.sent_of<SnapshotPart>();
    return parts.size() == 1 ? parts[0] : SnapshotPart{};
  };
  const auto answer = [&node](SnapshotId id, std::uint64_t offset) {
    node.receive(3, node.status().term, SnapshotReply{id, false, offset, LogIndex{}});
  };
  SnapshotPart part = next_part();
  for (const std::uint64_t offset : {4, 8, 12}) {
    ASSERT_EQ(part.bytes.size(), 4U);
    answer(part.id, offset);
    part = next_part();
    ASSERT_EQ(part.offset, offset);
  }
  answer(part.id, 4);
  part = next_part();
  ASSERT_EQ(part.offset, 4U);
  answer(part.id, 12);
  EXPECT_EQ(next_part().offset, 12U);
  EXPECT_EQ(inspect(node.host().core(), LogIndex{1}).malformed, 0U);
  // But no answer can claim what was never sent.
  answer(part.id, 17);
  EXPECT_EQ(inspect(node.host().core(), LogIndex{1}).malformed, 1U);
}

// Raft 7: "If instead the follower receives a snapshot that describes a prefix of its log, ... entries
// following the snapshot are still valid and must be retained."
TEST(RaftPaper, S7KeepsWhatFollowsASnapshotOfAPrefix) {
  Solo node;
  node.append(2, Term{2}, {}, {}, {1, 2, 2});
  node.sync();
  node.sent();
  node.receive(2, Term{2}, snapshot_at(LogIndex{2}, Term{2}));
  EXPECT_EQ(node.log_terms(), (std::vector<std::uint64_t>{1, 2, 2}));
  EXPECT_EQ(node.status().commit, LogIndex{2});
  EXPECT_TRUE(node.sent_of<SnapshotReply>().at(0).done);
}

// Raft 7: otherwise "the follower discards its entire log".
TEST(RaftPaper, S7ReplacesALogThatConflicts) {
  Solo node;
  node.append(2, Term{1}, {}, {}, {1, 1, 1});
  node.receive(3, Term{3}, snapshot_at(LogIndex{2}, Term{2}));
  // While it is installed, nothing is appended.
  node.append(3, Term{3}, LogIndex{2}, Term{2}, {3});
  node.report();
  EXPECT_TRUE(node.log_terms().empty());
  EXPECT_EQ(node.status().first_index, LogIndex{3});
  EXPECT_EQ(node.status().applied, LogIndex{2});
  EXPECT_EQ(node.host().applied(), LogIndex{2});
}

TEST(RaftPaper, S7DamagedChunkIsAskedForAgain) {
  Solo node;
  SnapshotPart part = snapshot_at(LogIndex{5}, Term{1});
  part.crc ^= 1;
  node.receive(2, Term{1}, part);
  node.sync();
  const auto reply = node.sent_of<SnapshotReply>().at(0);
  EXPECT_FALSE(reply.done);
  EXPECT_EQ(reply.offset, 0U);
  EXPECT_EQ(inspect(node.host().core(), LogIndex{1}).malformed, 1U);
}

// --- Forwarding -------------------------------------------------------------------------------------------

TEST(RaftForward, SwitchedOffNamesTheLeader) {
  Solo node(3, [](RaftConfig& config) { config.forward = false; });
  EXPECT_EQ(node.host().outcome(node.propose("x"))->refused, RefusalCode::kNoLeader);
  node.append(2, Term{1}, {}, {}, {});
  const auto write = node.host().outcome(node.propose("x"));
  EXPECT_EQ(write->refused, RefusalCode::kNotLeader);
  EXPECT_EQ(write->leader, NodeId{2});
  EXPECT_EQ(node.host().outcome(node.read())->refused, RefusalCode::kNotLeader);
}

TEST(RaftForward, UnansweredRequestTimesOutIndefinitely) {
  Solo node;
  node.append(2, Term{1}, {}, {}, {});
  const RequestId write = node.propose("x");
  const RequestId read = node.read();
  node.elapse(milliseconds(5000));
  node.step();
  EXPECT_EQ(node.host().outcome(write)->refused, RefusalCode::kTimeout);
  EXPECT_EQ(node.host().outcome(read)->refused, RefusalCode::kTimeout);
}

// The wire has a limit: a message above it would be lost each time that it is sent.
TEST(RaftForward, IsSplitByBytes) {
  Solo node(3, [](RaftConfig& config) { config.append_bytes_max = 1000; });
  node.append(2, Term{1}, {}, {}, {});
  node.sent();
  std::vector<Input> inputs;
  for (int request = 0; request < 5; ++request)
    inputs.emplace_back(ClientRequest{node.host().next_request(), Bytes(400, 'x'), false});
  inputs.emplace_back(ClientRequest{node.host().next_request(), Bytes(3000, 'x'), false});
  node.host().step(node.now(), std::move(inputs));
  std::vector<std::size_t> sizes;
  std::vector<std::uint64_t> numbers;
  for (const Forward& message : node.sent_of<Forward>()) {
    sizes.push_back(message.items.size());
    numbers.push_back(message.number);
  }
  EXPECT_THAT(sizes, ::testing::ElementsAre(2, 2, 1, 1));
  EXPECT_THAT(numbers, ::testing::ElementsAre(1, 2, 3, 4)) << "each is taken once";
}

TEST(RaftForward, RepliesAreSplitByBytes) {
  Solo node(3, [](RaftConfig& config) { config.append_bytes_max = 20; });
  node.lead();
  const Term term = node.status().term;
  Forward message{77, 1, {}};
  for (std::uint64_t item = 0; item < 5; ++item) message.items.push_back({RequestId{78 + item}, "x"});
  node.receive(2, term, message);
  node.sync();
  node.sent();
  node.acknowledge(2, node.status().last_index);
  node.report();
  std::size_t items = 0;
  const auto replies = node.sent_of<ForwardReplies>();
  for (const ForwardReplies& reply : replies) {
    EXPECT_LE(reply.items.size(), 2U) << "of 8 bytes each";
    items += reply.items.size();
  }
  EXPECT_EQ(items, 5U);
}

TEST(RaftForward, IsTakenOnceAndOnlyInItsTerm) {
  Solo node;
  node.lead();
  const Term term = node.status().term;
  const Forward message{77, 1, {{RequestId{78}, "x"}}};
  node.receive(2, term, message);
  node.receive(2, term, message);
  EXPECT_EQ(node.status().last_index, LogIndex{2});
  node.receive(2, term + 1, Forward{77, 2, {{RequestId{79}, "y"}}});
  EXPECT_EQ(node.status().last_index, LogIndex{2});
  EXPECT_EQ(node.status().term, term) << "a request deposes nobody";
}

}  // namespace
}  // namespace ordeal::raft::testing
