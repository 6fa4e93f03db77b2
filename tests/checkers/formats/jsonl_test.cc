#include "checkers/formats/jsonl.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/prng.h"

namespace ordeal {
namespace {

Op full_op() {
  Op op;
  op.index = 12;
  op.time = nanoseconds(1'203'444);
  op.process = ProcessId(3);
  op.type = OpType::kOk;
  op.f = "cas";
  op.key = "x";
  op.value = Value::List{"3-6", "3-7"};
  op.error = "a \"quoted\"\nerror";
  op.node = NodeId(2);
  op.intended = nanoseconds(1'200'000);
  op.session = std::numeric_limits<std::uint64_t>::max();
  op.version = 41;
  op.attempt = 2;
  op.extra = {{"seen", Value()}, {"note", Value::Map{{"a", 1.0}, {"b", true}}}};
  return op;
}

History parse(std::string_view text) {
  Result<ParsedHistory> parsed = parse_jsonl(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.ok() ? parsed->history : History();
}

std::string error_of(std::string_view text) {
  Result<ParsedHistory> parsed = parse_jsonl(text);
  return parsed.ok() ? "no error" : parsed.error().message;
}

TEST(Jsonl, PrintsTheLineOfTheFormatPage) {
  Op op;
  op.time = nanoseconds(1'203'444);
  op.process = ProcessId(3);
  op.f = "write";
  op.key = "x";
  op.value = "3-7";
  op.node = NodeId(2);
  EXPECT_EQ(
      print_jsonl(op),
      R"({"index":0,"time":1203444,"process":3,"type":"invoke","f":"write","key":"x","value":"3-7","node":"n2"})");
}

TEST(Jsonl, ReadsBackEveryMember) {
  const History read = parse(print_jsonl(History{full_op()}));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0], full_op());
}

TEST(Jsonl, ReadsInPiecesOfAnySize) {
  const History history(5, full_op());
  const std::string text = print_jsonl(history);
  for (std::size_t size = 1; size < 40; ++size) {
    JsonlReader reader;
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(reader.feed(std::string_view(text).substr(at, size)).ok());
    }
    EXPECT_EQ(std::move(reader).finish().history, history) << "pieces of " << size;
  }
}

TEST(Jsonl, DropsALastLineWithoutNewlineAndSaysSo) {
  const std::string text = print_jsonl(History{full_op()}) + R"({"index":13,"ti)";
  const Result<ParsedHistory> parsed = parse_jsonl(text);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->history.size(), 1u);
  ASSERT_EQ(parsed->notes.size(), 1u);
  EXPECT_EQ(parsed->notes[0], "line 2 has no newline at its end, as when the writer was killed: dropped");
}

TEST(Jsonl, NamesTheLineAndWhatWasExpected) {
  const std::string good = print_jsonl(full_op()) + '\n';
  EXPECT_EQ(error_of(good + R"({"index":1,"time":"now","process":1,"type":"ok","f":"read"})" + '\n'),
            R"(line 2: "time" is "now", expected an integer)");
  EXPECT_EQ(error_of(R"({"index":1,"time":1,"process":-4,"type":"ok","f":"read"})"
                     "\n"),
            R"(line 1: "process" is -4, expected an integer from 0, or "nemesis")");
}

}  // namespace
}  // namespace ordeal
