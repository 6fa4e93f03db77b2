#include "checkers/formats/jepsen_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/formats/json_objects.h"

namespace ordeal {
namespace {

using ::testing::HasSubstr;

ParsedHistory read_jepsen_json(std::string_view text) {
  Result<ParsedHistory> parsed = parse_jepsen_json(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.ok() ? *std::move(parsed) : ParsedHistory();
}

std::string jepsen_json_error(std::string_view text) {
  const Result<ParsedHistory> parsed = parse_jepsen_json(text);
  return parsed.ok() ? "no error" : parsed.error().message;
}

TEST(JepsenJson, ReadsAnArrayOfOperations) {
  const ParsedHistory parsed = read_jepsen_json(
      "[{\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"append\",\"x\",1],[\"r\",\"y\",null]],"
      "\"process\":0,\"time\":7,\"index\":0},\n"
      " {\"type\":\"ok\",\"value\":[[\"append\",\"x\",1],[\"r\",\"y\",[2,3]]],\"process\":0,"
      "\"time\":9,\"index\":4,\"error\":\"late\",\"more\":{\"a\":1}}\n]\n");
  ASSERT_EQ(parsed.history.size(), 2u);
  EXPECT_EQ(parsed.history[0].f, "txn");
  EXPECT_EQ(parsed.history[0].time, nanoseconds(7));
  const Op& ok = parsed.history[1];
  EXPECT_EQ(ok.f, "txn");
  EXPECT_EQ(ok.type, OpType::kOk);
  EXPECT_EQ(ok.value,
            Value(Value::List{Value::List{"append", "x", 1}, Value::List{"r", "y", Value::List{2, 3}}}));
  EXPECT_EQ(ok.error, "late");
  EXPECT_EQ(ok.extra, (Value::Map{{"source-index", 4}, {"more", Value::Map{{"a", 1}}}}));
}

TEST(JepsenJson, ReadsOneObjectAfterTheOther) {
  const std::string op = R"({"process": 3, "type": "invoke", "f": "read", "value": null})";
  for (const std::string& text : {op + op, op + "\n" + op + "\n", "[" + op + "," + op + "]"})
    EXPECT_EQ(read_jepsen_json(text).history.size(), 2u) << text;
  EXPECT_TRUE(read_jepsen_json("[]").history.empty());
  EXPECT_TRUE(read_jepsen_json("\n").history.empty());
}

TEST(JepsenJson, GivesTheNemesisInvocations) {
  const std::string info = R"({"process":"nemesis","type":"info","f":"start","value":null})";
  const ParsedHistory parsed = read_jepsen_json(info + info);
  EXPECT_EQ(parsed.history.at(0).type, OpType::kInvoke);
  EXPECT_EQ(parsed.history.at(1).type, OpType::kInfo);
}

TEST(JepsenJson, NamesTheLineAndWhatWasExpected) {
  const std::string op = R"({"process":0,"type":"invoke","f":"read"})";
  EXPECT_EQ(jepsen_json_error("[" + op + "\n" + op + "]"), "line 2: expected ',' or ']', found '{'");
  EXPECT_EQ(jepsen_json_error("[" + op + ",\n]"), "line 2: expected a JSON object, found ']'");
  EXPECT_EQ(jepsen_json_error("[" + op), "line 1: expected ',' or ']', found the end of the text");
  EXPECT_EQ(jepsen_json_error("[" + op + "]\n[]"),
            "line 2: expected no more text after the array, found '['");
  EXPECT_EQ(jepsen_json_error(op + "\n7"), "line 2: expected a JSON object, found '7'");
  EXPECT_EQ(jepsen_json_error("\n{\"process\":\"}"),
            "line 2: the JSON object that begins there does not end, expected '}'");
  EXPECT_THAT(jepsen_json_error("\n{\"process\":]}"),
              HasSubstr("line 2: in the JSON object that begins there, byte 12: "));
  EXPECT_EQ(jepsen_json_error(R"({"process":-1,"type":"ok","f":"read"})"),
            "line 1: \"process\" is -1, expected an integer from 0, or nemesis");
  EXPECT_EQ(jepsen_json_error(R"({"process":1,"type":"done","f":"read"})"),
            "line 1: \"type\" is \"done\", expected invoke, ok, fail or info");
  EXPECT_EQ(jepsen_json_error(R"({"process":1,"type":"ok","value":3})"),
            "line 1: \"f\" is missing, expected a string that is not empty");
  EXPECT_THAT(jepsen_json_error(R"({"process":18446744073709551615,"type":"ok","f":"read"})"),
              HasSubstr("does not fit into a signed 64-bit integer"));
}

TEST(JsonObjects, BoundsNesting) {
  std::string text = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) text += "[";
  for (int i = 0; i < 100'000; ++i) text += "]";
  EXPECT_FALSE(JsonObjects(text + "}").next().ok());
}

TEST(JsonObjects, ABracketInAStringIsNone) {
  JsonObjects objects(R"({"a":"}\"]"} {"b":"\\"})");
  EXPECT_EQ((*objects.next())->members, (Value::Map{{"a", "}\"]"}}));
  EXPECT_EQ((*objects.next())->members, (Value::Map{{"b", "\\"}}));
  EXPECT_FALSE((*objects.next()).has_value());
}

}  // namespace
}  // namespace ordeal
