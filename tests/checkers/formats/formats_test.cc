#include "checkers/formats/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/formats/jepsen_log.h"

namespace ordeal {
namespace {

using ::testing::HasSubstr;

TEST(Formats, TellsThemApart) {
  EXPECT_EQ(detect_format("{\"index\":0"), HistoryFormat::kJsonl);
  EXPECT_EQ(detect_format("\n { \"index\":0"), HistoryFormat::kJsonl);
  EXPECT_EQ(detect_format(""), HistoryFormat::kJsonl);
  EXPECT_EQ(detect_format("{:process 0"), HistoryFormat::kEdn);
  EXPECT_EQ(detect_format("; a comment\n[{:process 0"), HistoryFormat::kEdn);
  EXPECT_EQ(detect_format("({:type :invoke"), HistoryFormat::kEdn);
  EXPECT_EQ(detect_format("#jepsen.history.Op{:index 0"), HistoryFormat::kEdn);
  EXPECT_EQ(detect_format("[{\"process\":0"), HistoryFormat::kJepsenJson);
  EXPECT_EQ(detect_format(" [\n {\n  \"type\":"), HistoryFormat::kJepsenJson);
  EXPECT_EQ(detect_format("{\n  \"ClientId\": 1"), HistoryFormat::kEtcd);
  EXPECT_EQ(detect_format("INFO  jepsen.util - 0\t:invoke\t:read\tnil"), HistoryFormat::kJepsenLog);
  EXPECT_EQ(detect_format("starting\nINFO  jepsen.util - 0\t:invoke\t:read\tnil"), HistoryFormat::kJepsenLog);
  EXPECT_EQ(detect_format("<html>"), std::nullopt);
  EXPECT_EQ(detect_format(std::string_view("\x7f"
                                           "ELF\0\0",
                                           6)),
            std::nullopt);
}

TEST(Formats, NamesLeadBack) {
  for (const FormatInfo& info : list_formats()) {
    EXPECT_EQ(*parse_format_name(info.name), info.format);
    EXPECT_EQ(to_text(info.format), info.name);
  }
}

TEST(Formats, AnUnknownNameListsTheKnown) {
  const Result<HistoryFormat> format = parse_format_name("xml");
  ASSERT_FALSE(format.ok());
  EXPECT_EQ(format.error().message,
            "there is no format \"xml\"; give one of jsonl, edn, edn-independent, jepsen-json, "
            "jepsen-log, plume, awdit, dbcop, dbcop-json, dbcop-text, cobra, "
            "etcd");
}

ParsedHistory log(std::string_view text) {
  Result<ParsedHistory> parsed = parse_jepsen_log(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.ok() ? *std::move(parsed) : ParsedHistory();
}

std::string log_error(std::string_view text) {
  const Result<ParsedHistory> parsed = parse_jepsen_log(text);
  return parsed.ok() ? "no error" : parsed.error().message;
}

TEST(JepsenLog, AFailedCasMetAnotherValue) {
  const ParsedHistory parsed =
      log("INFO  jepsen.util - 1\t:invoke\t:cas\t[0 3]\n"
          "INFO  jepsen.util - 1\t:fail\t:cas\t[0 3]\n");
  ASSERT_EQ(parsed.history.size(), 2u);
  EXPECT_EQ(parsed.history[1].type, OpType::kFail);
  EXPECT_EQ(parsed.history[1].error, "mismatch");
}

TEST(JepsenLog, TimedOutIsAFailureForReadsAlone) {
  const ParsedHistory parsed =
      log("INFO  jepsen.util - 1\t:invoke\t:read\tnil\n"
          "INFO  jepsen.util - 2\t:invoke\t:cas\t[0 3]\n"
          "INFO  jepsen.util - 1\t:fail\t:read\t:timed-out\n"
          "INFO  jepsen.util - 2\t:fail\t:cas\t:timed-out\r\n");
  ASSERT_EQ(parsed.history.size(), 4u);
  EXPECT_EQ(parsed.history[2].type, OpType::kFail);
  EXPECT_EQ(parsed.history[3].type, OpType::kInfo);
  EXPECT_EQ(parsed.history[3].value, Value(Value::List{0, 3}));
  EXPECT_EQ(parsed.history[3].error, "timed-out");
}

TEST(JepsenLog, SkipsOtherLinesWithANote) {
  const ParsedHistory parsed = log("hello\nINFO  jepsen.util - :nemesis\t:info\t:start\tnil\n\n");
  EXPECT_EQ(parsed.history.size(), 1u);
  EXPECT_EQ(parsed.history[0].process, kNemesisProcess);
  EXPECT_THAT(parsed.notes, ::testing::ElementsAre("2 lines are no operations: skipped"));
}

TEST(JepsenLog, ColumnsMayBeApartBySpaces) {
  const ParsedHistory parsed =
      log("INFO  jepsen.util - 1   :invoke :cas    [0 3]\n"
          "INFO  jepsen.util - 1   :info   :cas    :timed-out\n"
          "INFO  jepsen.util - all clients are done\n");
  ASSERT_EQ(parsed.history.size(), 2u);
  EXPECT_EQ(parsed.history[1].type, OpType::kInfo);
  EXPECT_EQ(parsed.history[1].value, Value(Value::List{0, 3}));
  EXPECT_THAT(parsed.notes, ::testing::ElementsAre("1 lines are no operations: skipped"));
}

TEST(JepsenLog, NamesTheLineAndWhatWasExpected) {
  EXPECT_EQ(log_error("x\njepsen.util - one\t:ok\t:read\t1"),
            "line 2: \"one\", expected a process, an integer from 0 or :nemesis");
  EXPECT_EQ(log_error("jepsen.util - 1\tok\t:read\t1"),
            "line 1: \"ok\", expected :invoke, :ok, :fail or :info");
  EXPECT_EQ(log_error("jepsen.util - 1\t:ok\tread\t1"),
            "line 1: \"read\", expected an operation, such as :read");
  EXPECT_EQ(log_error("jepsen.util - 1\t:ok\t:read\t[1"), "line 1: \"[1\", expected one EDN value");
  EXPECT_THAT(log_error("nothing\nof it\n"), HasSubstr("none of 2 lines is an operation"));
}

}  // namespace
}  // namespace ordeal
