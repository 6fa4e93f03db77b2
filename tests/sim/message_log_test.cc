#include "sim/message_log.h"

#include "checkers/formats/json_text.h"
#include "node/raft/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace ordeal::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Cut kOneToTwo{NodeId(1), NodeId(2)};

MonotonicTime instant(std::int64_t n) {
  return MonotonicTime(n);
}

Excerpt until(std::int64_t ns) {
  Excerpt excerpt;
  excerpt.to = instant(ns);
  return excerpt;
}

Bytes asks_for_vote() {
  return raft::encode(Term(4), raft::VoteRequest{LogIndex(7), Term(3), false});
}

raft::Standing leading() {
  raft::Standing standing;
  standing.leader = true;
  standing.term = Term(4);
  standing.commit = LogIndex(9);
  return standing;
}

/// What a log writes.
struct Written {
  MessageLog::Sink sink = [this](std::string_view lines) {
    text += lines;
    return Status();
  };
  std::string text;

  [[nodiscard]] std::vector<std::string> lines() const {
    EXPECT_TRUE(text.empty() || text.back() == '\n');
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      EXPECT_TRUE(parse_json(line).ok()) << line;
      lines.push_back(line);
    }
    return lines;
  }
};

TEST(MessageLog, WritesWhatBecomesOfMessages) {
  Written written;
  MessageLog log(18446744073709551615U, 3, until(100), written.sink);
  log.sent(instant(5), kOneToTwo, 1, asks_for_vote());
  log.sent(instant(6), kOneToTwo, 2, asks_for_vote());
  log.arrived(instant(7), kOneToTwo, 1);
  log.lost(instant(8), kOneToTwo, 2, "the link is cut");
  ASSERT_TRUE(log.finish().ok());
  EXPECT_THAT(
      written.lines(),
      ElementsAre(
          R"({"format":1,"seed":"18446744073709551615","nodes":3})",
          R"({"time":5,"what":"sent","message":1,"from":"n1","to":"n2","kind":"vote-request","term":4,"text":"last entry 7/3","bytes":27})",
          R"({"time":6,"what":"sent","message":2,"from":"n1","to":"n2","kind":"vote-request","term":4,"text":"last entry 7/3","bytes":27})",
          R"({"time":7,"what":"arrived","message":1,"from":"n1","to":"n2","kind":"vote-request"})",
          R"({"time":8,"what":"lost","message":2,"from":"n1","to":"n2","kind":"vote-request","text":"the link is cut"})"));
}

TEST(MessageLog, WritesWhatNodesFaultsAndClientsDo) {
  Written written;
  MessageLog log(1, 3, until(100), written.sink);
  log.started(instant(0), NodeId(2));
  log.happened(instant(1), NodeId(2), {"became-leader", "n2 leads term 4"});
  log.stepped(instant(2), NodeId(2), leading());
  log.stepped(instant(3), NodeId(2), leading());
  log.stopped(instant(4), NodeId(2));
  log.stopped(instant(5), NodeId(2));
  Op op;
  op.index = 12;
  op.process = ProcessId(3);
  op.f = "read";
  log.operation(instant(6), op);
  op.process = kNemesisProcess;
  op.type = OpType::kOk;
  op.f = "start-kill";
  op.value = Value::Map{{"fault", 1}, {"nodes", Value::List{"n1"}}};
  log.operation(instant(7), op);
  ASSERT_TRUE(log.finish().ok());
  EXPECT_THAT(
      written.lines(),
      ElementsAre(
          R"({"format":1,"seed":"1","nodes":3})", R"({"time":0,"what":"started","node":"n2"})",
          R"({"time":1,"what":"event","node":"n2","kind":"became-leader","text":"n2 leads term 4"})",
          R"({"time":2,"what":"commit","node":"n2","index":9,"term":4,"leads":true})",
          R"({"time":4,"what":"stopped","node":"n2"})",
          R"({"time":6,"what":"operation","index":12,"type":"invoke","process":3,"kind":"read"})",
          R"({"time":7,"what":"fault","index":12,"type":"ok","kind":"start-kill","value":{"fault":1,"nodes":["n1"]}})"));
}

TEST(MessageLog, EndsWhereTheRunBroke) {
  Written written;
  Excerpt excerpt = until(50);
  excerpt.kind = "linearizable";
  excerpt.why = "\"x\"\n\xff";
  MessageLog log(1, 3, excerpt, written.sink);
  log.sent(instant(50), kOneToTwo, 1, asks_for_vote());
  log.sent(instant(51), kOneToTwo, 2, asks_for_vote());
  log.arrived(instant(52), kOneToTwo, 1);
  ASSERT_TRUE(log.finish().ok());
  const std::vector<std::string> lines = written.lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[1], HasSubstr(R"("message":1)"));
  EXPECT_THAT(lines[2], HasSubstr(R"({"time":50,"what":"broke","kind":"linearizable","text":)"));
}

TEST(MessageLog, WritesAMessageThatMakesNoSense) {
  Written written;
  MessageLog log(1, 3, until(100), written.sink);
  log.sent(instant(1), kOneToTwo, 1, "\xff\"");
  ASSERT_TRUE(log.finish().ok());
  EXPECT_THAT(written.lines().back(),
              R"({"time":1,"what":"sent","message":1,"from":"n1","to":"n2","kind":"","bytes":2})");
}

TEST(MessageLog, SaysThatItWasCut) {
  constexpr std::uint64_t kBytesMax = 10'000;
  Written written;
  Excerpt excerpt = until(1'000'000);
  excerpt.kind = "linearizable";
  MessageLog log(1, 3, excerpt, written.sink, kBytesMax);
  for (std::uint64_t i = 1; i <= 1000; ++i)
    log.sent(instant(static_cast<std::int64_t>(i)), kOneToTwo, i, asks_for_vote());
  ASSERT_TRUE(log.finish().ok());
  EXPECT_LE(written.text.size(), kBytesMax);
  EXPECT_GT(written.text.size(), kBytesMax - 500);
  EXPECT_EQ(written.lines().back(),
            R"({"what":"cut","text":"a message log has at most 10000 bytes; the run went on"})");
}

TEST(MessageLog, HandsOnWhileTheRunGoesOnAndGivesUpAfterAnError) {
  int calls = 0;
  MessageLog log(1, 3, until(1'000'000), [&](std::string_view) {
    ++calls;
    return Status(Error{ErrorCode::kResourceExhausted, "no room"});
  });
  for (std::uint64_t i = 1; i <= 10'000; ++i)
    log.sent(instant(static_cast<std::int64_t>(i)), kOneToTwo, i, asks_for_vote());
  EXPECT_EQ(calls, 1);
  const Status status = log.finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "no room");
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace ordeal::sim
