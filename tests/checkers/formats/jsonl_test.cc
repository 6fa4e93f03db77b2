#include "checkers/formats/jsonl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "checkers/formats/json_text.h"
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

std::string jsonl_error(std::string_view text) {
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

std::string line_with(std::string_view members) {
  return R"({"index":0,"time":1,"process":1,"type":"ok","f":"read",)" + std::string(members) + "}\n";
}

TEST(Jsonl, NamesTheLineAndWhatWasExpected) {
  const std::string good = print_jsonl(full_op()) + '\n';
  EXPECT_EQ(jsonl_error(good + R"({"index":1,"time":"now","process":1,"type":"ok","f":"read"})" + '\n'),
            R"(line 2: "time" is "now", expected an integer)");
  EXPECT_EQ(jsonl_error(R"({"index":1,"time":1,"process":-4,"type":"ok","f":"read"})"
                        "\n"),
            R"(line 1: "process" is -4, expected an integer from 0, or "nemesis")");
}

struct Wrong {
  std::string text;
  std::string error;
};

TEST(Jsonl, RefusesEveryKindOfWrongLine) {
  const std::vector<Wrong> cases = {
      {"\n", "line 1: expected one JSON object, but byte 1: "},
      {"[]\n", "line 1: expected a JSON object, such as "},
      {"null\n", "line 1: expected a JSON object, such as "},
      {"{}\n", "line 1: \"index\" is missing, expected an integer"},
      {"{} {}\n", "line 1: expected one JSON object, but byte 4: more text after the JSON value"},
      {"{\"index\":0,\n", "line 1: expected one JSON object, but byte 12: incomplete JSON"},
      {R"({"index":0,"time":1,"process":1,"f":"read"})"
       "\n",
       "line 1: \"type\" is missing, expected invoke, ok, fail or info"},
      {R"({"index":0.5,"time":1,"process":1,"type":"ok","f":"read"})"
       "\n",
       "line 1: \"index\" is 0.5, expected an integer"},
      {R"({"index":0,"time":1,"process":1,"type":"done","f":"read"})"
       "\n",
       "line 1: \"type\" is \"done\", expected invoke, ok, fail or info"},
      {R"({"index":0,"time":1,"process":1,"type":"ok","f":""})"
       "\n",
       "line 1: \"f\" is \"\", expected a string that is not empty"},
      {line_with(R"("node":"node-1")"), "line 1: \"node\" is \"node-1\", expected n and a number from 1"},
      {line_with(R"("error":7)"), "line 1: \"error\" is 7, expected a string"},
      {line_with(R"("version":-1)"), "line 1: \"version\" is -1, expected an integer from 0"},
      {line_with(R"("value":18446744073709551615)"),
       "line 1: \"value\" is 18446744073709551615, which does not fit"},
      {line_with(R"("value":[9223372036854775808])"), "an integer does not fit into 64 bits"},
      {line_with(R"("value":99999999999999999999999999)"), "an integer does not fit into 64 bits"},
      {line_with(R"("value":1e999)"), "a number is too large or too small for 64-bit floating point"},
      {line_with(R"("value":1,"value":2)"), "the key \"value\" is there twice"},
      {line_with(R"("value":{"a":1,"a":1})"), "the key \"a\" is there twice"},
      {line_with(R"("value":{"base64":"!!"})"), "the member \"base64\" is not padded base64"},
      {line_with("\"value\":\"\xff\""), "line 1: expected one JSON object, but byte "},
      {line_with("\"value\":\"\xed\xa0\x80\""), "line 1: expected one JSON object, but byte "},
      {line_with("\"value\":\"a\x01\""), "line 1: expected one JSON object, but byte "},
      {line_with("\"value\":NaN"), "line 1: expected one JSON object, but byte "},
      {line_with("\"value\":\"\\ud800\""), "line 1: expected one JSON object, but byte "},
      {std::string("{\"index\":0\0}\n", 13), "line 1: expected one JSON object, but byte 11: "},
  };
  for (const Wrong& wrong : cases) {
    EXPECT_THAT(jsonl_error(wrong.text), ::testing::HasSubstr(wrong.error)) << wrong.text;
  }
}

TEST(Jsonl, BoundsNesting) {
  const auto nested = [](std::size_t depth) {
    return line_with("\"value\":" + std::string(depth, '[') + std::string(depth, ']'));
  };
  EXPECT_EQ(parse(nested(kJsonDepthMax - 1)).size(), 1u);
  EXPECT_THAT(jsonl_error(nested(kJsonDepthMax)), ::testing::HasSubstr("line 1: "));
  EXPECT_THAT(jsonl_error(nested(1'000'000)), ::testing::HasSubstr("line 1: "));
}

TEST(Jsonl, BoundsTheLine) {
  JsonlReader reader;
  const std::string megabyte(1 << 20, ' ');
  Status status;
  for (int i = 0; i < 65 && status.ok(); ++i) status = reader.feed(megabyte);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "line 1: longer than 67108864 bytes; expected one operation");
}

TEST(Jsonl, KeepsIntegersExact) {
  const History read =
      parse(line_with(R"("value":[9223372036854775807,-9223372036854775808,9007199254740993])"));
  ASSERT_EQ(read.size(), 1u);
  const Value::List expected = {std::numeric_limits<std::int64_t>::max(),
                                std::numeric_limits<std::int64_t>::min(), std::int64_t{9007199254740993}};
  EXPECT_EQ(read[0].value, Value(expected));
}

TEST(Jsonl, KeepsBytesThatAreNotText) {
  Op op = full_op();
  op.value = std::string("\xff\x00\xfe", 3);
  op.key = std::string("\x80");
  EXPECT_THAT(print_jsonl(op), ::testing::HasSubstr(R"("key":{"base64":"gA=="},"value":{"base64":"/wD+"})"));
  EXPECT_EQ(parse(print_jsonl(History{op})).at(0), op);
}

TEST(Jsonl, ReadsTheNemesis) {
  const History read = parse(R"({"index":0,"time":1,"process":"nemesis","type":"invoke","f":"heal"})"
                             "\n");
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].process, kNemesisProcess);
}

TEST(Jsonl, AnEmptyTextIsAnEmptyHistory) {
  const Result<ParsedHistory> parsed = parse_jsonl("");
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->history.empty());
  EXPECT_TRUE(parsed->notes.empty());
}

// Any operation comes back as it was, and no damaged byte does worse than an error.
TEST(Jsonl, SurvivesDamage) {
  constexpr std::uint64_t kSeed = 11;
  Rng rng(kSeed);
  const std::string text = print_jsonl(History(3, full_op()));
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = text;
    for (std::uint64_t n = rng.between(1, 4); n > 0; --n) {
      damaged[rng.below(damaged.size())] = static_cast<char>(rng.below(256));
    }
    const Result<ParsedHistory> parsed = parse_jsonl(damaged);
    if (!parsed.ok()) {
      ASSERT_THAT(parsed.error().message, ::testing::StartsWith("line ")) << "seed " << kSeed;
    }
  }
}

}  // namespace
}  // namespace ordeal
