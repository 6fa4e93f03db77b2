#include "checkers/formats/dbcop_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/formats/formats.h"
#include "tests/checkers/formats/table_text.h"

namespace ordeal {
namespace {

using ::testing::HasSubstr;
using testing::table_text;

std::string text_of(const Result<ParsedTransactions>& parsed) {
  return parsed.ok() ? table_text(parsed->table) : parsed.error().message;
}

TEST(DbcopJson, ReadsBothFormsOfEvents) {
  const std::string sessions =
      R"([[{"events":[{"Write":{"variable":0,"version":1}},{"Read":{"variable":1,"version":null}}],"committed":true}],
          [{"events":[["r",0,1],["w",1,2],["r",2,0]],"committed":true},
           {"events":[["w",0,7],["r",0,7]],"committed":false}]])";
  const std::string expected =
      "0 committed: w 0 1, r 1 nil\n"
      "1 committed: r 0 1, w 1 2, r 2 nil\n"
      "1 aborted: w 0 7\n";
  EXPECT_EQ(text_of(parse_dbcop_json(sessions)), expected);
  EXPECT_EQ(detect_format(sessions), HistoryFormat::kDbcopJson);
  const std::string whole = R"({"params":{"id":0},"info":"generated","data":)" + sessions + "}";
  EXPECT_EQ(text_of(parse_dbcop_json(whole)), expected);
  EXPECT_EQ(detect_format(whole), HistoryFormat::kDbcopJson);
}

TEST(DbcopJson, NamesTheEventAndWhatWasExpected) {
  EXPECT_EQ(text_of(parse_dbcop_json("{}")),
            "expected an array of sessions, or an object with one as \"data\"");
  EXPECT_THAT(text_of(parse_dbcop_json("[[}")), HasSubstr("byte 3: "));
  EXPECT_EQ(text_of(parse_dbcop_json("[[],7]")), "session 2: expected an array of transactions, found 7");
  EXPECT_EQ(
      text_of(parse_dbcop_json(R"([[{"events":[]}]])")),
      "session 1, transaction 1: expected an object with an array \"events\" and \"committed\", true or "
      "false, found {\"events\":[]}");
  EXPECT_THAT(text_of(parse_dbcop_json(R"([[{"events":[["r",0,null],["x",0,1]],"committed":true}]])")),
              HasSubstr("session 1, transaction 1, event 2: expected {\"Read\":"));
  EXPECT_THAT(text_of(parse_dbcop_json(R"([[{"events":[["w",0,null]],"committed":true}]])")),
              HasSubstr("event 1: expected a version that is an integer from 0, or null for a read"));
  EXPECT_THAT(text_of(parse_dbcop_json(R"([[{"events":[["w",[],1]],"committed":true}]])")),
              HasSubstr("event 1: expected a variable that is an integer or a string"));
  EXPECT_THAT(text_of(parse_dbcop_json(R"([[{"events":[["w",1,18446744073709551616]],"committed":true}]])")),
              HasSubstr("an integer does not fit into 64 bits"));
}

TEST(DbcopText, ReadsSessionsAndTransactions) {
  const std::string text =
      "// the first\n"
      "[x:=1 y_2==?] [x==1]\r\n"
      "---\n"
      "\n"
      "[ x:=3 z==0 ]! // and why\n"
      "[y_2==0]\n";
  EXPECT_EQ(text_of(parse_dbcop_text(text)),
            "0 committed: w \"x\" 1, r \"y_2\" nil\n"
            "0 committed: r \"x\" 1\n"
            "1 aborted: w \"x\" 3\n"
            "1 committed: r \"y_2\" nil\n");
  EXPECT_EQ(detect_format(text), HistoryFormat::kDbcopText);
  EXPECT_EQ(detect_format("[x==?]"), HistoryFormat::kDbcopText);
}

TEST(DbcopText, NamesTheLineAndWhatWasExpected) {
  for (const char* bad : {"x:=1", "[x=1]", "[x:=?]", "[x:=-1]", "[x:=1", "[1:=1]", "[x:=1]]", "--x",
                          "[x:=99999999999999999999]"}) {
    EXPECT_EQ(text_of(parse_dbcop_text(std::string("[x:=1]\n") + bad)),
              std::string("line 2: expected a comment, dashes, or transactions such as [x:=1 y==2 z==?] or "
                          "[x:=1]!, found '") +
                  bad + "'");
  }
}

}  // namespace
}  // namespace ordeal
