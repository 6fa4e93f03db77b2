// One test per rule of the papers: "Raft n" is the paper of 2014, "thesis n" Ongaro's thesis. A single core
// is fed messages; what it says is read from its outbox.

#include "tests/node/raft/cluster.h"

#include <gtest/gtest.h>

#include <set>

namespace ordeal::raft::testing {
namespace {

/// Node 1 of a cluster, alone with the test.
class Solo {
 public:
  explicit Solo(std::uint32_t nodes = 3, const std::function<void(RaftConfig&)>& tweak = {},
                std::uint64_t seed = 1)
      : host_(config(nodes, tweak), seed) {
    host_.start(now_);
    host_.sync(now_);
  }

  Host& host() { return host_; }
  [[nodiscard]] ProtocolStatus status() const { return host_.status(); }
  void elapse(Duration duration) { now_ = now_ + duration; }
  void step() { host_.step(now_, {}); }
  void sync() { host_.sync(now_); }
  void report() { host_.report(now_); }
  RequestId propose(Bytes command) { return host_.propose(now_, std::move(command)); }
  RequestId read() { return host_.read(now_); }
  MonotonicTime now() const { return now_; }

  void receive(std::uint32_t from, Term term, MessageBody body) {
    host_.step(now_, {PeerMessage{NodeId{from}, encode(Message{term, std::move(body)})}});
  }
  /// Entries of these terms after prev; the chain is right when prev is the log's beginning or in memory.
  void append(std::uint32_t from, Term term, LogIndex prev, Term prev_term,
              const std::vector<std::uint64_t>& terms, LogIndex commit = {}) {
    Append message{prev, prev_term, commit, chain_at(prev), {}};
    for (const std::uint64_t entry_term : terms) {
      Entry entry{prev + (message.entries.size() + 1), Term{entry_term}, EntryKind::kCommand, 0,
                  "command " + std::to_string(entry_term)};
      message.chain = link(message.chain, entry);
      message.entries.push_back(std::move(entry));
    }
    receive(from, term, std::move(message));
  }
  /// What was sent since the last call.
  std::vector<std::pair<NodeId, Message>> sent() {
    std::vector<std::pair<NodeId, Message>> messages;
    for (const Send& send : std::exchange(host_.outbox, {}))
      messages.emplace_back(send.to, *decode_message(send.payload));
    return messages;
  }
  /// The messages of one kind that were sent since the last call; others are gone.
  template <class Body>
  std::vector<Body> sent_of() {
    std::vector<Body> bodies;
    for (auto& [to, message] : sent()) {
      if (auto* body = std::get_if<Body>(&message.body)) bodies.push_back(std::move(*body));
    }
    return bodies;
  }
  [[nodiscard]] std::vector<std::uint64_t> log_terms() {
    std::vector<std::uint64_t> terms;
    for (const Mark& mark : inspect(host_.core(), LogIndex{1}).marks) terms.push_back(mark.term.value());
    return terms;
  }
  /// Times out and is elected by n2.
  void lead() {
    now_ = std::max(now_, host_.next_wake);
    step();
    receive(2, status().term, PreVoteReply{status().term + 1, true});
    sync();
    receive(2, status().term, VoteReply{true});
    ASSERT_EQ(status().role, "leader");
    sync();
  }
  void acknowledge(std::uint32_t from, LogIndex index) {
    receive(from, status().term, AppendReply{true, LogIndex{}, index, status().term});
  }

 private:
  static RaftConfig config(std::uint32_t nodes, const std::function<void(RaftConfig&)>& tweak) {
    RaftConfig config;
    config.self = NodeId{1};
    for (std::uint32_t n = 1; n <= nodes; ++n) config.voters.emplace_back(n);
    if (tweak) tweak(config);
    return config;
  }
  Chain chain_at(LogIndex index) {
    for (const Mark& mark : inspect(host_.core(), LogIndex{1}).marks) {
      if (mark.index == index) return mark.chain;
    }
    return inspect(host_.core(), LogIndex{1}).start.chain;
  }

  MonotonicTime now_{1'000'000'000};
  Host host_;
};

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
