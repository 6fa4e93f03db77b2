#include "sim/storyboard.h"

#include "node/raft/message.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <regex>
#include <string>
#include <vector>

namespace ordeal::sim {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr NodeId kN1(1);
constexpr NodeId kN2(2);
constexpr NodeId kN3(3);

MonotonicTime ms(std::int64_t n) {
  return MonotonicTime() + milliseconds(n);
}

Excerpt excerpt(std::optional<MonotonicTime> from, MonotonicTime to) {
  Excerpt excerpt;
  excerpt.from = from;
  excerpt.to = to;
  return excerpt;
}

Bytes vote_request() {
  return raft::encode(Term(4), raft::VoteRequest{LogIndex(7), Term(3), false});
}
Bytes heartbeat() {
  return raft::encode(Term(4), raft::Heartbeat{LogIndex(7), 1, {}});
}

/// A client's operation.
Op op(std::int64_t index, OpType type, MonotonicTime at, const Value& value = {}) {
  Op op;
  op.index = index;
  op.time = at - MonotonicTime();
  op.process = ProcessId(3);
  op.type = type;
  op.f = "read";
  op.key = "x";
  op.value = value;
  op.node = kN2;
  return op;
}

Op fault(OpType type, const std::string& f, std::int64_t number, MonotonicTime at) {
  Op op;
  op.time = at - MonotonicTime();
  op.process = kNemesisProcess;
  op.type = type;
  op.f = f;
  op.value = Value::Map{{"fault", number}, {"nodes", Value::List{"n2"}}};
  return op;
}

raft::Standing in_term_4(bool leader) {
  raft::Standing standing;
  standing.leader = leader;
  standing.term = Term(4);
  standing.commit = LogIndex(7);
  return standing;
}

struct Place {
  int x = 0;
  int y = 0;
};

/// Where words stand that begin so.
Place place_of(const std::string& svg, const std::string& words) {
  const std::size_t at = svg.find(">" + words);
  EXPECT_NE(at, std::string::npos) << words;
  const std::size_t begin = svg.rfind("<text ", at);
  if (at == std::string::npos || begin == std::string::npos) return {};
  Place place;
  EXPECT_EQ(std::sscanf(svg.c_str() + begin, "<text x=\"%d\" y=\"%d\"", &place.x, &place.y), 2) << words;
  return place;
}

struct Line {
  Place from;
  Place to;
};

/// The line whose title has these words.
Line line_of(const std::string& svg, const std::string& words) {
  const std::size_t at = svg.find(words);
  EXPECT_NE(at, std::string::npos) << words;
  const std::size_t begin = svg.rfind("<line ", at);
  if (at == std::string::npos || begin == std::string::npos) return {};
  Line line;
  EXPECT_EQ(std::sscanf(svg.c_str() + begin, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"", &line.from.x,
                        &line.from.y, &line.to.x, &line.to.y),
            4);
  return line;
}

std::size_t count_of(const std::string& text, const std::string& words) {
  std::size_t count = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

TEST(Storyboard, IsEmptyWhenNothingHappened) {
  EXPECT_THAT(Storyboard(3, excerpt({}, ms(10))).draw(), IsEmpty());
}

TEST(Storyboard, DrawsOneRowForEachThingInOrder) {
  Storyboard board(3, excerpt({}, ms(100)));
  board.happened(ms(1), kN1, {"election-started", "n1 stands in term 4"});
  board.operation(ms(2), op(0, OpType::kInvoke, ms(2)));
  board.operation(ms(2), fault(OpType::kInvoke, "start-kill", 1, ms(2)));
  board.happened(ms(90), kN2, {"became-leader", "n2 leads term 5 from entry 8"});
  const std::string svg = board.draw();
  const Place first = place_of(svg, "stands in term 4");
  const Place second = place_of(svg, "p3 read");
  const Place third = place_of(svg, "start-kill n2");
  const Place last = place_of(svg, "leads term 5 from entry 8");
  EXPECT_LT(first.y, second.y);
  EXPECT_EQ(third.y - second.y, second.y - first.y) << "a row each, however long it took";
  EXPECT_EQ(last.y - third.y, second.y - first.y);
  EXPECT_EQ(last.y, place_of(svg, "0.090 s").y);
  EXPECT_GT(last.x, place_of(svg, "n2<").x) << "at the line of n2";
  EXPECT_LT(last.x, place_of(svg, "n3<").x);
}

TEST(Storyboard, DrawsAnArrowFromTheSendingToTheArrival) {
  Storyboard board(3, excerpt({}, ms(100)));
  board.sent(ms(1), {kN1, kN3}, 17, vote_request());
  board.happened(ms(2), kN2, {"stepped-down", "why"});
  board.arrived(ms(3), {kN1, kN3}, 17);
  const std::string svg = board.draw();
  const Line arrow =
      line_of(svg, "vote-request (term 4): last entry 7/3; sent at 0.001 s, arrived at 0.003 s");
  EXPECT_EQ(arrow.from.x, place_of(svg, "n1<").x);
  EXPECT_EQ(arrow.to.x, place_of(svg, "n3<").x);
  EXPECT_EQ(arrow.to.y - arrow.from.y, 36) << "two rows";
  EXPECT_THAT(svg, Not(HasSubstr("lost:")));
}

TEST(Storyboard, DrawsWhatDidNotArriveInAnotherWay) {
  constexpr const char* kCross = "l8 8m0 -8l-8 8";
  const std::size_t in_legend = 1;
  Storyboard lost(3, excerpt({}, ms(100)));
  lost.sent(ms(1), {kN1, kN2}, 1, vote_request());
  lost.lost(ms(1), {kN1, kN2}, 1, "the link is cut");
  EXPECT_THAT(lost.draw(), HasSubstr("lost: the link is cut"));
  EXPECT_EQ(count_of(lost.draw(), kCross), in_legend + 1);

  Storyboard under_way(3, excerpt({}, ms(100)));
  under_way.sent(ms(1), {kN1, kN2}, 1, vote_request());
  under_way.arrived(ms(101), {kN1, kN2}, 1);
  EXPECT_THAT(under_way.draw(), HasSubstr(": still under way"));
  EXPECT_EQ(count_of(under_way.draw(), kCross), in_legend);

  // One of two copies.
  Storyboard twice(3, excerpt({}, ms(100)));
  twice.sent(ms(1), {kN1, kN2}, 1, vote_request());
  twice.arrived(ms(2), {kN1, kN2}, 1);
  twice.lost(ms(3), {kN1, kN2}, 1, "the receiver ended");
  EXPECT_THAT(twice.draw(), HasSubstr("arrived at 0.002 s"));
  EXPECT_THAT(twice.draw(), HasSubstr("lost: the receiver ended"));
  EXPECT_THAT(twice.draw(), Not(HasSubstr(": still under way")));
}

TEST(Storyboard, KeepsTheTimeOfTheStoryAndSaysWhatWasSoBefore) {
  Storyboard board(3, excerpt(ms(50), ms(60)));
  board.started(ms(0), kN1);
  board.started(ms(0), kN2);
  board.stepped(ms(1), kN1, in_term_4(true));
  board.operation(ms(2), fault(OpType::kInvoke, "start-pause", 1, ms(2)));
  board.operation(ms(2), fault(OpType::kInvoke, "start-kill", 2, ms(2)));
  board.operation(ms(3), fault(OpType::kInvoke, "stop-kill", 2, ms(3)));
  board.sent(ms(49), {kN2, kN1}, 9, vote_request());
  board.happened(ms(49), kN1, {"too-early", ""});
  board.happened(ms(50), kN1, {"first", ""});
  board.arrived(ms(55), {kN2, kN1}, 9);
  board.happened(ms(60), kN1, {"last", ""});
  board.happened(ms(61), kN1, {"too-late", ""});
  board.operation(ms(61), fault(OpType::kInvoke, "start-disk", 3, ms(61)));
  const std::string svg = board.draw();
  EXPECT_THAT(svg, HasSubstr("0.050 s to 0.060 s of the run"));
  EXPECT_THAT(svg, HasSubstr(">first<"));
  EXPECT_THAT(svg, HasSubstr(">last<"));
  EXPECT_THAT(svg, Not(HasSubstr("too-")));
  EXPECT_THAT(svg, Not(HasSubstr("disk")));
  EXPECT_THAT(svg, HasSubstr("In force at the first row, since 0.002 s: pause n2"));
  EXPECT_THAT(svg, Not(HasSubstr("kill"))) << "it was over";
  EXPECT_THAT(svg, HasSubstr(">leads term 4<"));
  EXPECT_THAT(svg, HasSubstr("sent at 0.049 s, arrived at 0.055 s"));
  EXPECT_THAT(svg, Not(HasSubstr("left out")));
}

TEST(Storyboard, DrawsThatANodeIsDownAndStartsAgain) {
  Storyboard board(3, excerpt({}, ms(100)));
  board.started(ms(0), kN2);
  board.happened(ms(1), kN1, {"before", ""});
  EXPECT_THAT(board.draw(), Not(HasSubstr(">down<"))) << "nothing to explain";
  board.stopped(ms(2), kN2);
  board.stopped(ms(3), kN2);  // Killed once more.
  board.started(ms(4), kN2);
  const std::string svg = board.draw();
  EXPECT_EQ(count_of(svg, ">stops<"), 1U);
  EXPECT_EQ(count_of(svg, ">starts again<"), 1U);
  EXPECT_THAT(svg, HasSubstr(">down<"));
}

TEST(Storyboard, DrawsCommitsOfTheLeader) {
  Storyboard board(3, excerpt({}, ms(100)));
  board.stepped(ms(1), kN1, in_term_4(true));
  board.stepped(ms(2), kN2, in_term_4(false));
  board.stepped(ms(3), kN1, in_term_4(true));
  EXPECT_EQ(count_of(board.draw(), ">commit 7<"), 1U);
}

// --- Too much ---------------------------------------------------------------------------------------------

TEST(Storyboard, LeavesOutHeartbeatsFirstAndSaysHowMany) {
  Storyboard board(3, excerpt(ms(0), ms(1000)), /*rows_max=*/20);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    board.sent(ms(static_cast<std::int64_t>(i)), {kN1, kN2}, i, heartbeat());
    if (i % 10 == 0)
      board.happened(ms(static_cast<std::int64_t>(i)), kN3, {fmt::format("event-{:03}", i), ""});
  }
  const std::string svg = board.draw();
  for (int i = 10; i <= 100; i += 10) EXPECT_THAT(svg, HasSubstr(fmt::format(">event-{:03}<", i)));
  EXPECT_THAT(svg, HasSubstr("10 of 110 rows are drawn; left out: 100 heartbeat."));
}

TEST(Storyboard, KeepsHeartbeatsWhenThereIsRoom) {
  Storyboard board(3, excerpt(ms(0), ms(1000)), /*rows_max=*/20);
  board.sent(ms(1), {kN1, kN2}, 1, heartbeat());
  board.arrived(ms(2), {kN1, kN2}, 1);
  EXPECT_THAT(board.draw(), HasSubstr("heartbeat (term 4)"));
  EXPECT_THAT(board.draw(), Not(HasSubstr("left out")));
}

TEST(Storyboard, KeepsWhatTheFindingNamesAndWhatIsNearIt) {
  Excerpt told = excerpt(ms(0), ms(2000));
  told.operations = {{100, 101, false}, {300, 301, true}};
  Storyboard board(3, told, /*rows_max=*/40);
  for (std::int64_t i = 0; i < 1000; i += 2) {
    board.operation(ms(i), op(i, OpType::kInvoke, ms(i)));
    board.operation(ms(i + 1), op(i + 1, OpType::kOk, ms(i + 1), i));
  }
  const std::string svg = board.draw();
  EXPECT_THAT(svg, ContainsRegex("font-weight=\"bold\">p3 read &quot;x&quot; 300 ok<"));
  EXPECT_THAT(svg, ContainsRegex("font-weight=\"bold\">p3 read &quot;x&quot; 100 ok<"));
  EXPECT_THAT(svg, HasSubstr(">p3 read &quot;x&quot; 298 ok<"));
  EXPECT_THAT(svg, Not(HasSubstr(">p3 read &quot;x&quot; 200 ok<")));
  EXPECT_THAT(svg, HasSubstr("40 of 1000 rows are drawn; left out: 960 read."));
  std::size_t marked = 0;
  const std::regex mark("\\.\\.\\. (\\d+) rows left out");
  for (std::sregex_iterator it(svg.begin(), svg.end(), mark), end; it != end; ++it)
    marked += std::stoul((*it)[1]);
  EXPECT_EQ(marked, 960U) << "where they are missing";
}

TEST(Storyboard, KeepsAMessageWhole) {
  Excerpt told = excerpt(ms(0), ms(5000));
  told.operations = {{999, {}, true}};
  Storyboard board(3, told, /*rows_max=*/31);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    const auto at = static_cast<std::int64_t>(i * 10);
    board.sent(ms(at), {kN1, kN2}, i, vote_request());
    board.happened(ms(at + 1), kN3, {"between", ""});
    board.arrived(ms(at + 2), {kN1, kN2}, i);
  }
  board.operation(ms(2000), op(999, OpType::kInvoke, ms(2000)));
  EXPECT_THAT(board.draw(), Not(HasSubstr(": still under way")));
}

TEST(Storyboard, WithoutABeginningKeepsWhatHappenedLast) {
  Storyboard board(3, excerpt({}, ms(1000)), /*rows_max=*/10);
  for (int i = 1; i <= 50; ++i) board.happened(ms(i), kN1, {fmt::format("event-{:03}", i), ""});
  const std::string svg = board.draw();
  EXPECT_THAT(svg, Not(HasSubstr("event-040")));
  for (int i = 41; i <= 50; ++i) EXPECT_THAT(svg, HasSubstr(fmt::format("event-{:03}", i)));
  EXPECT_THAT(svg, HasSubstr("0.041 s to 0.050 s of the run"));
  EXPECT_THAT(svg, HasSubstr("Before them there were 40 rows more."));
}

// --- The end ----------------------------------------------------------------------------------------------

TEST(Storyboard, EndsWithWhatWentWrongWhenItDid) {
  Excerpt told = excerpt(ms(8000), ms(8990));
  told.kind = "linearizable";
  told.why = "key x: <nobody> wrote it";
  Storyboard board(3, told);
  board.happened(ms(8500), kN1, {"before", ""});
  board.happened(ms(8990), kN1, {"at-the-end", ""});
  board.happened(ms(75'000), kN1, {"afterwards", ""});
  const std::string svg = board.draw();
  EXPECT_THAT(svg, HasSubstr("8.000 s to 8.990 s of the run"));
  EXPECT_THAT(svg, Not(HasSubstr("afterwards")));
  const Place end = place_of(svg, "8.990 s  linearizable: key x: &lt;nobody&gt; wrote it");
  EXPECT_GT(end.y, place_of(svg, "at-the-end").y);
  EXPECT_GT(svg.find("8.990 s  linearizable"), svg.find("at-the-end"));
}

TEST(Storyboard, SaysNothingAtTheEndOfAGoodRun) {
  Storyboard board(3, excerpt({}, ms(100)));
  board.happened(ms(1), kN1, {"before", ""});
  EXPECT_THAT(board.draw(), Not(HasSubstr("stroke-width=\"2\"")));
}

// --- What comes from the run ------------------------------------------------------------------------------

TEST(Storyboard, EscapesWhateverTheRunSays) {
  Excerpt told = excerpt(ms(0), ms(1000));
  told.kind = "<script>1";
  told.why = "\"></svg><script>alert(1)</script>\xff\x01";
  told.operations = {{1, {}, true}};
  Storyboard board(3, told);
  Op hostile = op(1, OpType::kInvoke, ms(1), "\"><script>2\xfe");
  hostile.f = "<script>3";
  hostile.key = "</text><script>4";
  hostile.error = "<script>5";
  board.operation(ms(1), hostile);
  Op strike = fault(OpType::kInvoke, "start-<script>6", 1, ms(2));
  strike.value = Value::Map{{"fault", 1},
                            {"nodes", Value::List{"<script>7", 8}},
                            {"cuts", Value::List{9, Value::List{"<script>8", 1}}}};
  strike.error = "<script>9";
  board.operation(ms(2), strike);
  board.happened(ms(3), kN1, {"<script>10", "n1 <script>11\"&'"});
  board.sent(ms(4), {kN1, kN2}, 1, "<script>12");  // No message at all.
  board.sent(ms(4), {kN1, kN2}, 2, vote_request());
  board.lost(ms(5), {kN1, kN2}, 2, "<script>13");
  const std::string svg = board.draw();
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_EQ(count_of(svg, "</svg>"), 1U);
  EXPECT_EQ(
      svg.find_first_not_of(
          "\n "
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
      std::string::npos);
  EXPECT_EQ(count_of(svg, "<text "), count_of(svg, "</text>"));
}

}  // namespace
}  // namespace ordeal::sim
