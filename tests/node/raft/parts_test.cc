// The pieces that know nothing of the protocol: quorum arithmetic against a naive twin, progress, durability,
// replay window, stored and wire forms.

#include "node/raft/configuration.h"
#include "node/raft/message.h"
#include "node/raft/plants.h"
#include "node/raft/progress.h"
#include "node/raft/quorum.h"
#include "node/raft/replay_window.h"
#include "node/raft/stable_mark.h"

#include "common/prng.h"

#include <gtest/gtest.h>

namespace ordeal::raft {
namespace {

std::vector<NodeId> nodes(std::initializer_list<std::uint32_t> numbers) {
  std::vector<NodeId> ids;
  for (const std::uint32_t number : numbers) ids.emplace_back(number);
  return ids;
}

// --- Quorums ----------------------------------------------------------------------------------------------

/// Tries every value: the largest that more than half have reached.
std::uint64_t naive_reached(const std::vector<NodeId>& voters,
                            const std::map<NodeId, std::uint64_t>& reached) {
  std::uint64_t best = 0;
  for (std::uint64_t value = 0; value <= 20; ++value) {
    std::size_t count = 0;
    for (const NodeId voter : voters) count += reached.at(voter) >= value ? 1 : 0;
    if (2 * count > voters.size()) best = value;
  }
  return best;
}

/// Completes the missing votes in all ways: won when every completion is, lost when none is.
VoteResult naive_vote(const std::vector<NodeId>& in, const std::vector<NodeId>& out,
                      const std::map<NodeId, bool>& votes, const std::vector<NodeId>& everybody) {
  std::vector<NodeId> missing;
  for (const NodeId node : everybody) {
    if (!votes.contains(node)) missing.push_back(node);
  }
  const auto wins = [](const std::vector<NodeId>& half, const std::map<NodeId, bool>& all) {
    std::size_t granted = 0;
    for (const NodeId node : half) granted += all.at(node) ? 1 : 0;
    return half.empty() || 2 * granted > half.size();
  };
  bool always = true;
  bool ever = false;
  for (std::uint32_t bits = 0; bits < (1U << missing.size()); ++bits) {
    std::map<NodeId, bool> all = votes;
    for (std::size_t i = 0; i < missing.size(); ++i) all[missing[i]] = ((bits >> i) & 1U) != 0;
    const bool won = wins(in, all) && wins(out, all);
    always = always && won;
    ever = ever || won;
  }
  if (always) return VoteResult::kWon;
  return ever ? VoteResult::kPending : VoteResult::kLost;
}

TEST(RaftQuorum, AgreesWithNaiveTwin) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::vector<NodeId> everybody;
    std::vector<NodeId> in;
    std::vector<NodeId> out;
    std::map<NodeId, std::uint64_t> reached;
    std::map<NodeId, bool> votes;
    for (std::uint32_t n = 1; n <= 7; ++n) {
      const NodeId node{n};
      everybody.push_back(node);
      if (rng.chance(1, 2)) in.push_back(node);
      if (rng.chance(1, 3)) out.push_back(node);
      reached[node] = rng.below(20);
      if (rng.chance(2, 3)) votes[node] = rng.chance(1, 2);
    }
    const auto value_of = [&](NodeId node) { return reached.at(node); };
    const auto joint = joint_reached<std::uint64_t>(in, out, value_of);
    if (in.empty() && out.empty()) {
      EXPECT_EQ(joint, std::nullopt);
    } else {
      const std::uint64_t by_in = in.empty() ? UINT64_MAX : naive_reached(in, reached);
      const std::uint64_t by_out = out.empty() ? UINT64_MAX : naive_reached(out, reached);
      EXPECT_EQ(joint, std::min(by_in, by_out));
    }
    EXPECT_EQ(joint_vote(in, out, votes), naive_vote(in, out, votes, everybody));
  }
}

TEST(RaftQuorum, EvenClusterNeedsMoreThanHalf) {
  const std::map<NodeId, bool> half = {{NodeId{1}, true}, {NodeId{2}, true}};
  EXPECT_EQ(majority_vote(nodes({1, 2, 3, 4}), half), VoteResult::kPending);
}

// --- Progress ---------------------------------------------------------------------------------------------

constexpr InflightLimits kLimits{2, 1000};

TEST(RaftProgress, ProbesOneMessageAtATime) {
  Progress peer(LogIndex{5}, {});
  EXPECT_TRUE(peer.may_send(kLimits));
  peer.sent(LogIndex{7}, 10);
  EXPECT_FALSE(peer.may_send(kLimits));
  EXPECT_EQ(peer.next(), LogIndex{5});
  peer.revive();
  EXPECT_TRUE(peer.may_send(kLimits));
}

TEST(RaftProgress, PipelinesWithinLimits) {
  Progress peer(LogIndex{1}, {});
  peer.accepted(LogIndex{0});
  ASSERT_EQ(peer.state(), Progress::State::kReplicate);
  peer.sent(LogIndex{1}, 10);
  peer.sent(LogIndex{2}, 10);
  EXPECT_FALSE(peer.may_send(kLimits)) << "two messages are in flight";
  EXPECT_TRUE(peer.accepted(LogIndex{1}));
  EXPECT_TRUE(peer.may_send(kLimits));
  peer.sent(LogIndex{3}, 2000);
  EXPECT_TRUE(peer.accepted(LogIndex{2}));
  EXPECT_FALSE(peer.may_send(kLimits)) << "too many bytes are in flight";
}

TEST(RaftProgress, AnOldAnswerIsNoNewPromise) {
  const MonotonicTime added(1'000'000);
  Progress peer(LogIndex{1}, added);
  EXPECT_LT(peer.promised_at(), MonotonicTime(0)) << "a new peer promised nothing";
  const MonotonicTime before_it_was_removed(300'000);
  peer.answered(7, before_it_was_removed);
  EXPECT_EQ(peer.promised_at(), before_it_was_removed);
  EXPECT_EQ(peer.acked_at(), added) << "but it has its time to answer";
}

TEST(RaftProgress, IgnoresRefusalOfWhatIsAcknowledged) {
  Progress peer(LogIndex{1}, {});
  peer.accepted(LogIndex{0});
  peer.sent(LogIndex{5}, 10);
  peer.accepted(LogIndex{5});
  EXPECT_FALSE(peer.refused(LogIndex{3}, LogIndex{1}));
  EXPECT_EQ(peer.match(), LogIndex{5});
  EXPECT_EQ(peer.state(), Progress::State::kReplicate);
}

TEST(RaftProgress, IgnoresRefusalOfAnEarlierProbe) {
  Progress peer(LogIndex{10}, {});
  EXPECT_TRUE(peer.refused(LogIndex{9}, LogIndex{4}));
  EXPECT_EQ(peer.next(), LogIndex{4});
  EXPECT_FALSE(peer.refused(LogIndex{9}, LogIndex{2})) << "the same refusal, doubled by the network";
  EXPECT_EQ(peer.next(), LogIndex{4});
}

TEST(RaftProgress, RefusalNeverMovesForward) {
  Progress peer(LogIndex{4}, {});
  EXPECT_TRUE(peer.refused(LogIndex{3}, LogIndex{100}));
  EXPECT_EQ(peer.next(), LogIndex{3});
}

// --- Durability -------------------------------------------------------------------------------------------

TEST(RaftStableMark, FollowsTickets) {
  StableMark mark(LogIndex{2});
  mark.wrote(Ticket{1}, LogIndex{4});
  mark.wrote(Ticket{2}, LogIndex{5});
  mark.done(Ticket{1});
  EXPECT_EQ(mark.index(), LogIndex{4});
  mark.done(Ticket{2});
  EXPECT_EQ(mark.index(), LogIndex{5});
}

TEST(RaftStableMark, LateTicketDoesNotCountForWhatReplacedItsEntries) {
  StableMark mark(LogIndex{4});
  mark.wrote(Ticket{1}, LogIndex{6});  // entries 5 and 6 of term 1
  mark.cut(LogIndex{5});
  mark.wrote(Ticket{2}, LogIndex{5});  // entry 5 of term 2
  mark.cut(LogIndex{5});
  mark.wrote(Ticket{3}, LogIndex{6});  // entries 5 and 6 of term 3
  mark.done(Ticket{1});
  EXPECT_EQ(mark.index(), LogIndex{4});
  mark.done(Ticket{2});
  EXPECT_EQ(mark.index(), LogIndex{4});
  mark.done(Ticket{3});
  EXPECT_EQ(mark.index(), LogIndex{6});
}

TEST(RaftStableMark, CutTakesBackWhatWasDurable) {
  StableMark mark(LogIndex{9});
  mark.cut(LogIndex{5});
  EXPECT_EQ(mark.index(), LogIndex{4});
}

TEST(RaftReplayWindow, AdmitsEachNumberOnce) {
  ReplayWindow window;
  EXPECT_TRUE(window.admit(2));
  EXPECT_TRUE(window.admit(1)) << "overtaken, not doubled";
  EXPECT_FALSE(window.admit(2));
  EXPECT_FALSE(window.admit(1));
}

TEST(RaftReplayWindow, TakesVeryLateNumbersForSeen) {
  ReplayWindow window;
  for (std::uint64_t number = 2; number <= 3000; ++number) EXPECT_TRUE(window.admit(number));
  EXPECT_FALSE(window.admit(1));
  EXPECT_FALSE(window.admit(3000));
  EXPECT_TRUE(window.admit(3001));
}

// --- Configurations and stored forms ----------------------------------------------------------------------

TEST(RaftConfiguration, SurvivesItsStoredForm) {
  const Configuration joint{nodes({1, 2, 4}), nodes({1, 2, 3}), nodes({3, 5})};
  EXPECT_EQ(decode_configuration(std::string_view(encode(joint))), joint);
  EXPECT_EQ(decode_configuration(std::string_view(encode(Configuration{}))), Configuration{});
}

TEST(RaftConfiguration, RefusesWhatIsNoSetOfNodes) {
  EXPECT_EQ(decode_configuration(std::string_view(encode(Configuration{nodes({2, 1}), {}, {}}))),
            std::nullopt);
  EXPECT_EQ(decode_configuration(std::string_view(encode(Configuration{nodes({1, 1}), {}, {}}))),
            std::nullopt);
  EXPECT_EQ(decode_configuration(std::string_view(encode(Configuration{nodes({0}), {}, {}}))), std::nullopt);
  EXPECT_EQ(decode_configuration(std::string_view(encode(Configuration{nodes({1}), {}, nodes({1})}))),
            std::nullopt);
  EXPECT_TRUE(find_fault(Configuration{}).has_value());
  EXPECT_TRUE(find_fault(Configuration{nodes({1}), {}, nodes({1})}).has_value());
}

TEST(RaftEntry, StoredFormAndKeysKeepEverything) {
  const Entry entry{LogIndex{7}, Term{3}, EntryKind::kCommand, 99, Bytes("a\0b", 3)};
  EXPECT_EQ(decode_entry(LogIndex{7}, encode_entry(entry)), entry);
  EXPECT_EQ(decode_entry(LogIndex{7}, "short"), std::nullopt);
  EXPECT_EQ(parse_entry_key(entry_key(LogIndex{258})), LogIndex{258});
  EXPECT_LT(entry_key(LogIndex{255}), entry_key(LogIndex{256}));
  EXPECT_LT(entry_key(LogIndex{UINT64_MAX}), kEntryKeysEnd);
}

TEST(RaftEntry, ChainDependsOnEverythingBefore) {
  const Entry entry{LogIndex{7}, Term{3}, EntryKind::kCommand, 0, "x"};
  Entry other = entry;
  EXPECT_EQ(link(1, entry), link(1, other));
  EXPECT_NE(link(1, entry), link(2, entry));
  other.term = Term{4};
  EXPECT_NE(link(1, entry), link(1, other));
  other = entry;
  other.data = "y";
  EXPECT_NE(link(1, entry), link(1, other));
}

// --- The wire ---------------------------------------------------------------------------------------------

std::vector<Message> one_of_each() {
  const Configuration members{nodes({1, 2, 4}), nodes({1, 2, 3}), nodes({5})};
  const LogStart start{LogIndex{40}, Term{3}, 77, members};
  Append append{LogIndex{4}, Term{2}, LogIndex{3}, 55, {}};
  append.entries.push_back({LogIndex{5}, Term{2}, EntryKind::kCommand, 0, "command"});
  append.entries.push_back({LogIndex{6}, Term{3}, EntryKind::kNoOp, 0, ""});
  append.entries.push_back({LogIndex{7}, Term{3}, EntryKind::kConfiguration, 0, encode(members)});
  return {
      {Term{4}, PreVoteRequest{Term{5}, LogIndex{9}, Term{3}}},
      {Term{4}, PreVoteReply{Term{5}, true}},
      {Term{4}, VoteRequest{LogIndex{9}, Term{3}, true}},
      {Term{4}, VoteReply{true}},
      {Term{4}, append},
      {Term{4}, AppendReply{true, LogIndex{4}, LogIndex{7}, Term{4}}},
      {Term{4}, Heartbeat{LogIndex{3}, 12, MonotonicTime(-5)}},
      {Term{4}, HeartbeatReply{12, MonotonicTime(99), LogIndex{3}}},
      {Term{4}, CommitNotice{LogIndex{3}}},
      {Term{4}, SnapshotPart{SnapshotId{8}, start, 100, "bytes", crc32c("bytes"), true}},
      {Term{4}, SnapshotReply{SnapshotId{8}, true, 105, LogIndex{40}}},
      {Term{4}, TimeoutNow{}},
      {Term{4}, ReadIndexRequest{6}},
      {Term{4}, ReadIndexReply{6, true, LogIndex{3}}},
      {Term{4}, Forward{1, 2, {{RequestId{3}, "command"}, {RequestId{4}, "another"}}}},
      {Term{4},
       ForwardReplies{NodeId{2},
                      {{RequestId{3}, std::nullopt, "reply"}, {RequestId{4}, RefusalCode::kOverloaded, ""}}}},
  };
}

TEST(RaftMessage, SurvivesTheWire) {
  const std::vector<Message> messages = one_of_each();
  ASSERT_EQ(messages.size(), std::variant_size_v<MessageBody>);
  for (const Message& message : messages) {
    EXPECT_EQ(decode_message(encode(message)), message) << kind_name(message.body);
    EXPECT_FALSE(kind_name(message.body).empty());
    EXPECT_FALSE(to_text(message.body).empty());
  }
}

TEST(RaftMessage, AppendWriterGivesTheSameBytes) {
  const Message message = one_of_each()[4];
  const auto& append = std::get<Append>(message.body);
  AppendWriter writer(message.term, append.prev_index, append.prev_term, append.commit);
  for (const Entry& entry : append.entries) writer.add(entry);
  EXPECT_EQ(std::move(writer).finish(append.chain), encode(message));
}

TEST(RaftMessage, RefusesEveryCutAndEveryExtension) {
  for (const Message& message : one_of_each()) {
    const Bytes payload = encode(message);
    for (std::size_t size = 0; size < payload.size(); ++size) {
      EXPECT_EQ(decode_message(payload.substr(0, size)), std::nullopt)
          << kind_name(message.body) << " cut to " << size;
    }
    EXPECT_EQ(decode_message(payload + "x"), std::nullopt) << kind_name(message.body);
  }
}

TEST(RaftMessage, BearsGarbage) {
  const std::vector<Message> messages = one_of_each();
  std::size_t accepted = 0;
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    Rng rng(seed);
    Bytes payload = encode(rng.pick(messages));
    for (std::uint64_t flips = 1 + rng.below(4); flips > 0; --flips) {
      payload[rng.below(payload.size())] = static_cast<char>(rng.below(256));
    }
    const std::optional<Message> message = decode_message(payload);
    if (!message) continue;
    ++accepted;
    // What is accepted is a message: it says the same when it is sent on.
    EXPECT_EQ(decode_message(encode(*message)), message) << "seed " << seed;
  }
  EXPECT_GT(accepted, 0U);
}

TEST(RaftMessage, HostileCountsAllocateNothing) {
  Encoder out;
  out.u8(1);
  out.u8(4);  // append
  out.u64(1);
  out.u64(0);
  out.u64(0);
  out.u64(0);
  out.u64(0);
  out.u32(0xffffffff);
  EXPECT_EQ(decode_message(out.data()), std::nullopt);
}

// --- Planted bugs -----------------------------------------------------------------------------------------

TEST(RaftPlants, UnknownIdListsTheKnown) {
  const Result<PlantSet> set = PlantSet::parse({"R5", "R99"});
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(set.error().message,
            "raft has no planted bug R99; there are R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R11 R12 R13 R14 R15 R16 "
            "R17 R18 R19 R20 R21 R22 R23 R24 R25");
}

TEST(RaftPlants, EachIdMeansItself) {
  for (std::size_t i = 0; i < all_plants().size(); ++i) {
    const Result<PlantSet> set = PlantSet::parse({std::string(all_plants()[i].id)});
    ASSERT_TRUE(set.ok());
    ASSERT_EQ(set->active().size(), 1U);
    EXPECT_EQ(set->active()[0].id, all_plants()[i].id);
    EXPECT_TRUE(set->has(static_cast<Bug>(i)));
  }
}

}  // namespace
}  // namespace ordeal::raft
