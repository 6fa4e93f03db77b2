// The small pure parts: /proc and pid files, the undo file, peers, options, probe datagrams and their table,
// tokens.

#include "nemesis/agent/guardian.h"
#include "nemesis/agent/http_server.h"
#include "nemesis/agent/options.h"
#include "nemesis/agent/peers.h"
#include "nemesis/agent/probe_table.h"
#include "nemesis/agent/proc.h"
#include "nemesis/agent/undo_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kStat =
    "4711 (a (strange) na) S 4700 4711 4711 0 -1 4194560 100 0 0 0 3 1 0 0 20 0 2 0 987654 1000000 200 "
    "18446744073709551615";

TEST(Proc, ReadsStatOfAProcessWithBracketsInItsName) {
  const auto stat = parse_stat(kStat);
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->pid, 4711);
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 4700);
  EXPECT_EQ(stat->start_ticks, 987654U);
  EXPECT_TRUE(stat->alive());
}

TEST(Proc, RefusesEveryPrefixOfAStatLineThatLacksTheStartTime) {
  const std::size_t start = kStat.find("987654");
  for (std::size_t size = 0; size < start; ++size)
    EXPECT_FALSE(parse_stat(kStat.substr(0, size)).has_value()) << size;
}

TEST(Proc, ZombieIsNotAlive) {
  std::string text(kStat);
  text.replace(text.find(" S "), 3, " Z ");
  EXPECT_FALSE(parse_stat(text)->alive());
}

TEST(Proc, PidZeroIsNobody) {
  EXPECT_FALSE(is_alive({}));
  EXPECT_EQ(send_signal({}, 0).error().code, ErrorCode::kNotFound);
}

TEST(PidFile, ReadsWhatTheSupervisorWrites) {
  const auto file = parse_pid_file(R"({"supervisor": 12, "replica": 0, "incarnation": 3})");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->supervisor, 12);
  EXPECT_EQ(file->replica, 0);
  EXPECT_EQ(file->incarnation, 3U);
}

TEST(PidFile, RefusesWhatWouldSignalStrangers) {
  // kill(0) is one's own group, kill(-1) everybody.
  for (const std::string text :
       {"", "12", R"({"supervisor": 0, "replica": 1, "incarnation": 1})",
        R"({"supervisor": 1, "replica": -1, "incarnation": 1})",
        R"({"supervisor": 1, "replica": 4294967296, "incarnation": 1})",
        R"({"supervisor": 1, "incarnation": 1})", R"({"supervisor": "1", "replica": 1})"}) {
    EXPECT_FALSE(parse_pid_file(text).ok()) << text;
  }
}

TEST(UndoFile, ReadsBackTheProcessesItWrote) {
  UndoList list;
  list.paused = {12, 345};
  list.supervisor = {67, 890};
  const auto read = parse_undo(undo_text(list));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->paused, list.paused);
  EXPECT_EQ(read->supervisor, list.supervisor);
  EXPECT_FALSE(parse_undo(R"({"paused_pid": -1})").ok());
}

TEST(Peers, ReadsBothFamiliesInCanonicalForm) {
  Peers peers;
  ASSERT_TRUE(add_peer(peers, "n2=10.0.0.2,FD00:0:0::0002").ok());
  EXPECT_THAT(peers.at(NodeId(2)).ipv4, ElementsAre("10.0.0.2"));
  EXPECT_THAT(peers.at(NodeId(2)).ipv6, ElementsAre("fd00::2"));
}

TEST(Peers, RefusesWhatWouldCutTheWrongPackets) {
  Peers peers;
  ASSERT_TRUE(add_peer(peers, "n1=10.0.0.1").ok());
  for (const std::string text : {"n2", "n2=", "x=10.0.0.2", "n0=10.0.0.2", "n2=10.0.0.2,", "n2=10.0.0.0/8",
                                 "n2=localhost", "n2=127.0.0.1", "n2=::1", "n2=0.0.0.0", "n2=::",
                                 "n2=224.0.0.1", "n2=10.0.0.1", "n1=10.0.0.9", "n2=10.0.0.2 -j ACCEPT"}) {
    const Status status = add_peer(peers, text);
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_THAT(status.error().message, HasSubstr(text));
  }
  EXPECT_EQ(peers.size(), 1U);
}

std::vector<const char*> good_flags() {
  return {"ordeal-agent", "--node", "n1",      "--listen", "10.0.0.1:7000", "--token-file", "t",
          "--pid-file",   "p",      "--state", "s",        "--peer",        "n1=10.0.0.1",  "--peer",
          "n2=10.0.0.2"};
}

TEST(Options, ReadsTheCommandOfTheFormatPage) {
  const auto flags = good_flags();
  const auto parsed = parse_options(static_cast<int>(flags.size()), flags.data());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->options.node, NodeId(1));
  EXPECT_EQ(parsed->options.peers.size(), 2U);
  EXPECT_EQ(parsed->options.probe_port, 7001);
}

TEST(Options, NamesTheFlagThatIsWrong) {
  const auto refused = [](std::vector<const char*> flags, const std::string& why) {
    const auto parsed = parse_options(static_cast<int>(flags.size()), flags.data());
    ASSERT_FALSE(parsed.ok()) << why;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(parsed.error().message, HasSubstr(why));
  };
  auto flags = good_flags();
  flags.insert(flags.end(), {"--probe-port", "0"});
  refused(flags, "--probe-port");
  flags = good_flags();
  flags[2] = "n7";
  refused(flags, "n7 is missing");
  flags = good_flags();
  flags[2] = "seven";
  refused(flags, "--node seven");
  flags = good_flags();
  flags.push_back("--frobnicate");
  refused(flags, "--frobnicate");
  flags = good_flags();
  flags.erase(flags.begin() + 3, flags.begin() + 5);
  refused(flags, "--listen is missing");
}

TEST(ProbeDatagram, ReadsBackWhatItWrote) {
  const ProbeDatagram probe{ProbeType::kProbe, NodeId(3), 0xfedcba9876543210U, 999};
  EXPECT_EQ(decode(encode(probe)), probe);
  const ProbeDatagram request{ProbeType::kRequest, NodeId(3), 1, kReachCountMax};
  EXPECT_EQ(decode(encode(request)), request);
}

TEST(ProbeDatagram, RefusesEveryOtherLengthAndNumbersBeyondBounds) {
  const Bytes whole = encode({ProbeType::kProbe, NodeId(3), 7, 5});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode(whole.substr(0, size)).has_value());
  EXPECT_FALSE(decode(whole + "x").has_value());
  EXPECT_FALSE(decode(encode({ProbeType::kProbe, NodeId(3), 7, kSequenceMax})).has_value());
  // One small request must not make a flood.
  EXPECT_FALSE(decode(encode({ProbeType::kRequest, NodeId(3), 7, kReachCountMax + 1})).has_value());
}

Peers three_peers() {
  Peers peers;
  EXPECT_TRUE(add_peer(peers, "n1=10.0.0.1,fd00::1").ok());
  EXPECT_TRUE(add_peer(peers, "n2=10.0.0.2,fd00::2").ok());
  EXPECT_TRUE(add_peer(peers, "n3=10.0.0.3").ok());
  return peers;
}

TEST(ProbeTable, CountsDistinctDatagramsPerPeerAndFamily) {
  ProbeTable table(three_peers(), NodeId(1));
  for (const std::uint32_t sequence : {0U, 1U, 1U, 4U}) table.record(7, NodeId(2), Family::kIpv4, sequence);
  const Arrivals expected = {{NodeId(2), {{Family::kIpv4, 3}, {Family::kIpv6, 0}}},
                             {NodeId(3), {{Family::kIpv4, 0}}}};
  EXPECT_EQ(table.arrivals(7), expected);
}

TEST(ProbeTable, ExpectationNeedsEveryFamilyThatBothEndsHave) {
  ProbeTable table(three_peers(), NodeId(1));
  const Expectation expectation{{NodeId(2), NodeId(3)}, 1, {}, {}};
  table.record(7, NodeId(3), Family::kIpv4, 0);
  table.record(7, NodeId(2), Family::kIpv4, 0);
  EXPECT_FALSE(table.satisfies(7, expectation));
  table.record(7, NodeId(2), Family::kIpv6, 0);
  EXPECT_TRUE(table.satisfies(7, expectation));
}

TEST(ProbeTable, ForgetsTheOldestNonce) {
  ProbeTable table(three_peers(), NodeId(1));
  for (std::uint64_t nonce = 0; nonce <= kNoncesMax; ++nonce)
    table.record(nonce, NodeId(2), Family::kIpv4, 0);
  EXPECT_EQ(table.arrivals(0).at(NodeId(2)).at(Family::kIpv4), 0U);
  EXPECT_EQ(table.arrivals(1).at(NodeId(2)).at(Family::kIpv4), 1U);
}

TEST(Token, IsEqualOnlyToItself) {
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_in_constant_time("secret", "Secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_in_constant_time("secret", ""));
}

}  // namespace
}  // namespace ordeal::agent
