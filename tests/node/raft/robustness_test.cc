// What a core does with nonsense, with damaged stores and with wrong configurations; a restart from every
// store it left.

#include "tests/node/raft/cluster.h"

#include <gtest/gtest.h>

namespace ordeal::raft::testing {
namespace {

RaftConfig three_nodes() {
  RaftConfig config;
  config.self = NodeId{1};
  config.voters = {NodeId{1}, NodeId{2}, NodeId{3}};
  return config;
}

// --- Messages ---------------------------------------------------------------------------------------------

/// A message that parses, with small numbers, so that much of it fits by chance.
MessageBody random_body(Rng& rng, const Inspection& seen) {
  const auto index = [&] { return LogIndex{rng.below(12)}; };
  const auto term = [&] { return Term{rng.below(6)}; };
  switch (rng.below(16)) {
    case 0:
      return PreVoteRequest{term(), index(), term()};
    case 1:
      return PreVoteReply{term(), rng.chance(1, 2)};
    case 2:
      return VoteRequest{index(), term(), rng.chance(1, 2)};
    case 3:
      return VoteReply{rng.chance(1, 2)};
    case 4:
    case 5: {
      Mark prev = seen.start;
      if (!seen.marks.empty() && rng.chance(3, 4)) prev = rng.pick(seen.marks);
      Append append{prev.index, prev.term, index(), prev.chain, {}};
      Term entry_term = prev.term;
      for (std::uint64_t count = rng.below(4); count > 0; --count) {
        entry_term = entry_term + rng.below(2);
        Entry entry{prev.index + (append.entries.size() + 1), entry_term, EntryKind::kCommand, 0, "x"};
        append.chain = link(append.chain, entry);
        append.entries.push_back(std::move(entry));
      }
      return append;
    }
    case 6:
      return AppendReply{rng.chance(1, 2), index(), index(), term()};
    case 7:
      return Heartbeat{index(), rng.below(5), MonotonicTime(static_cast<std::int64_t>(rng.next() >> 1))};
    case 8:
      return HeartbeatReply{rng.below(5), MonotonicTime(static_cast<std::int64_t>(rng.below(1000))), index()};
    case 9:
      return CommitNotice{index()};
    case 10: {
      const LogIndex at = index();
      Encoder state;
      state.bytes("applied");
      state.bytes(big_endian_key(at.value()));
      const Bytes bytes = std::move(state).take();
      return SnapshotPart{
          SnapshotId{rng.below(3)}, {at, term(), rng.below(3), seen.configuration}, 0, bytes, crc32c(bytes),
          rng.chance(2, 3)};
    }
    case 11:
      return SnapshotReply{SnapshotId{rng.below(3)}, rng.chance(1, 2), rng.below(50), index()};
    case 12:
      return TimeoutNow{};
    case 13:
      return ReadIndexRequest{rng.below(4)};
    case 14:
      return ReadIndexReply{rng.below(4), rng.chance(1, 2), index()};
    default:
      return Forward{rng.below(3), rng.below(5), {{RequestId{rng.next()}, "x"}}};
  }
}

TEST(RaftRobustness, NoMessageCrashesIt) {
  std::uint64_t led = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    RaftConfig config = three_nodes();
    config.snapshot_every = 4;
    config.snapshot_keep = 1;
    config.cache_bytes_max = 200;
    Host host(config, seed);
    MonotonicTime now{1'000'000'000};
    host.start(now);
    for (int i = 0; i < 120; ++i) {
      now = now + milliseconds(rng.between(0, 400));
      const Inspection seen = inspect(host.core(), LogIndex{1});
      const Term term = rng.chance(1, 2) ? seen.term : Term{rng.below(6)};
      const NodeId from{static_cast<std::uint32_t>(rng.below(5))};
      host.step(now, {PeerMessage{from, encode(Message{term, random_body(rng, seen)})}});
      if (rng.chance(1, 2)) host.sync(now);
      if (rng.chance(1, 2)) host.report(now);
      if (rng.chance(1, 4)) host.propose(now, "y");
      led += host.leads() ? 1 : 0;
      host.outbox.clear();
      const ProtocolStatus status = host.status();
      ASSERT_LE(status.applied, status.commit);
      ASSERT_LE(status.commit, status.last_index);
      if (rng.chance(1, 30)) {
        host.lose_power(rng.below(host.store.pending() + 1));
        host.start(now);
      }
    }
  }
  EXPECT_GT(led, 0U);
}

TEST(RaftRobustness, CountsMalformedMessages) {
  Host host(three_nodes(), 1);
  const MonotonicTime now{1};
  host.start(now);
  for (const Bytes& payload : {Bytes(), Bytes("garbage"), Bytes(1000, '\xff')}) {
    host.step(now, {PeerMessage{NodeId{2}, payload}});
  }
  host.step(now, {PeerMessage{kNoNode, encode(Message{Term{1}, TimeoutNow{}})}});
  host.step(now, {PeerMessage{NodeId{1}, encode(Message{Term{1}, TimeoutNow{}})}});
  EXPECT_EQ(inspect(host.core(), LogIndex{1}).malformed, 5U);
  EXPECT_EQ(host.status().term, Term{0});
  std::size_t told = 0;
  for (const Event& event : host.events) told += event.name == "message-dropped" ? 1 : 0;
  EXPECT_EQ(told, 3U) << "for the first, second and fourth";
}

// --- Stores -----------------------------------------------------------------------------------------------

/// A store with five entries, two of them executed, as a node leaves it behind.
std::unique_ptr<Host> host_with_log() {
  auto made = std::make_unique<Host>(three_nodes(), 1);
  Host& host = *made;
  host.start(MonotonicTime{1});
  Append append{LogIndex{}, Term{}, LogIndex{2}, 0, {}};
  for (std::uint64_t i = 1; i <= 5; ++i) {
    Entry entry{LogIndex{i}, Term{1 + i / 4}, EntryKind::kCommand, 0, "command"};
    append.chain = link(append.chain, entry);
    append.entries.push_back(std::move(entry));
  }
  host.step(MonotonicTime{1}, {PeerMessage{NodeId{2}, encode(Message{Term{3}, append})}});
  host.sync(MonotonicTime{1});
  return made;
}

Error start_error(Host& host, LogIndex applied) {
  const auto made = make_raft(host.config, host.store, applied, Now{}, host.rng);
  EXPECT_FALSE(made.ok());
  return made.ok() ? Error{} : made.error();
}

TEST(RaftStore, RestartKeepsLogTermAndApplied) {
  const std::unique_ptr<Host> made = host_with_log();
  Host& host = *made;
  host.kill();
  host.start(MonotonicTime{1});
  const ProtocolStatus status = host.status();
  EXPECT_EQ(status.term, Term{3});
  EXPECT_EQ(status.last_index, LogIndex{5});
  EXPECT_EQ(status.commit, LogIndex{2}) << "what was applied was committed";
  EXPECT_EQ(status.voters.size(), 3U);
}

TEST(RaftStore, FindsDamageAtTheStart) {
  const auto damaged = [](const std::function<void(FakeStore::Map&)>& damage,
                          LogIndex applied = LogIndex{2}) {
    const std::unique_ptr<Host> made = host_with_log();
    Host& host = *made;
    host.kill();
    damage(host.store.damage(Space::kLog));
    const Error error = start_error(host, applied);
    EXPECT_EQ(error.code, ErrorCode::kCorruption) << error.message;
    return error.message;
  };
  EXPECT_NE(damaged([](auto& log) { log.erase(entry_key(LogIndex{3})); }).find("entry 4 after entry 2"),
            std::string::npos);
  EXPECT_NE(damaged([](auto& log) { log[entry_key(LogIndex{3})].back() ^= 1; }).find("entry 3"),
            std::string::npos);
  EXPECT_NE(damaged([](auto& log) { log[entry_key(LogIndex{2})] = "x"; }).find("does not parse"),
            std::string::npos);
  EXPECT_NE(damaged([](auto& log) { log[Bytes(kHardStateKey)] = "x"; }).find("term and vote"),
            std::string::npos);
  EXPECT_NE(damaged([](auto& log) { log[Bytes(kLogStartKey)] = "x"; }).find("beginning"), std::string::npos);
  EXPECT_NE(damaged([](auto& log) { log.clear(); }).find("no log"), std::string::npos);
  EXPECT_NE(damaged([](auto& log) { log.erase(Bytes(kHardStateKey)); }).find("term"), std::string::npos);
  EXPECT_NE(damaged([](auto&) {}, LogIndex{6}).find("do not belong together"), std::string::npos);
}

TEST(RaftStore, ReadErrorLaterEndsItsPart) {
  RaftConfig config = three_nodes();
  config.voters = {NodeId{1}};
  config.cache_bytes_max = 1;
  config.apply_entries_max = 1;
  Host host(config, 1);
  MonotonicTime now{1};
  host.start(now);
  now = now + seconds(3);
  host.step(now, {});
  host.sync(now);
  ASSERT_TRUE(host.leads());
  for (int i = 0; i < 5; ++i) host.propose(now, "x");
  host.sync(now);
  host.events.clear();
  host.store.fail_reads();
  while (host.report(now)) {
  }
  ASSERT_FALSE(host.events.empty());
  EXPECT_EQ(host.events.back().name, "storage-error");
  EXPECT_FALSE(host.leads());
  EXPECT_EQ(host.outcome(host.propose(now, "y"))->refused, RefusalCode::kNoLeader);
  EXPECT_EQ(host.outcome(host.read(now))->refused, RefusalCode::kNoLeader);
  host.outbox.clear();
  host.step(now, {PeerMessage{NodeId{2}, encode(Message{Term{9}, VoteRequest{LogIndex{99}, Term{9}}})}});
  host.sync(now);
  EXPECT_TRUE(host.outbox.empty()) << "it grants nothing";
}

// --- Configuration ----------------------------------------------------------------------------------------

TEST(RaftConfiguring, NamesTheFieldThatIsWrong) {
  const auto refusal = [](const std::function<void(RaftConfig&)>& spoil) {
    RaftConfig config = three_nodes();
    spoil(config);
    FakeStore store;
    Rng rng(1);
    const auto made = make_raft(config, store, LogIndex{}, Now{}, rng);
    EXPECT_FALSE(made.ok());
    if (made.ok()) return std::string();
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
    return made.error().message.substr(0, made.error().message.find(':'));
  };
  EXPECT_EQ(refusal([](RaftConfig& c) { c.self = kNoNode; }), "self");
  EXPECT_EQ(refusal([](RaftConfig& c) { c.voters = {NodeId{1}, NodeId{1}}; }), "voters");
  EXPECT_EQ(refusal([](RaftConfig& c) { c.voters = {NodeId{0}}; }), "voters");
  EXPECT_EQ(refusal([](RaftConfig& c) { c.heartbeat = Duration{}; }), "heartbeat");
  EXPECT_EQ(refusal([](RaftConfig& c) { c.election_timeout = c.heartbeat; }), "election_timeout");
  EXPECT_EQ(refusal([](RaftConfig& c) {
              c.read_mode = ReadMode::kLease;
              c.clock_drift_max = c.election_timeout;
            }),
            "clock_drift_max");
  EXPECT_EQ(refusal([](RaftConfig& c) { c.forward_timeout = Duration{}; }), "forward_timeout");
  EXPECT_EQ(refusal([](RaftConfig& c) { c.snapshot_keep = c.snapshot_every; }), "snapshot_keep");
  EXPECT_EQ(refusal([](RaftConfig& c) { c.snapshot_chunk_bytes = 0; }), "snapshot_chunk_bytes");
  EXPECT_EQ(refusal([](RaftConfig& c) { c.append_bytes_max = 0; }), "append_bytes_max");
  EXPECT_EQ(refusal([](RaftConfig& c) { c.plants = {"R0"}; }).substr(0, 26), "raft has no planted bug R0");
}

TEST(RaftConfiguring, NodeWithoutVotersWaitsToBeAdded) {
  RaftConfig config = three_nodes();
  config.voters.clear();
  Host host(config, 1);
  host.start(MonotonicTime{1});
  host.step(MonotonicTime{1} + seconds(60), {});
  EXPECT_EQ(host.status().role, "learner");
  EXPECT_EQ(host.status().term, Term{0});
}

}  // namespace
}  // namespace ordeal::raft::testing
