#include "checkers/formats/awdit.h"

#include <gtest/gtest.h>

namespace ordeal {
namespace {

TEST(Awdit, ReadsSessionsAndTransactions) {
  const auto parsed = parse_awdit("w 1 2\nr 3 0\n-----\nw 1 4\n=====\nr 1 2\r\n");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const TransactionTable& table = parsed->table;
  EXPECT_EQ(table.session_count(), 2U);
  ASSERT_EQ(table.transaction_count(), 3U);
  EXPECT_EQ(table.access_begin(1), 2U);
  EXPECT_EQ(table.access(1).value, kInitialCode);
  EXPECT_EQ(table.session_of(2), 1U);
}

TEST(Awdit, ZeroIsAValueOfTheKeysWhereItIsWritten) {
  const auto parsed = parse_awdit("r 1 0\nr 2 0\n=====\nw 1 0\n");
  ASSERT_TRUE(parsed.ok());
  EXPECT_NE(parsed->table.access(0).value, kInitialCode);
  EXPECT_EQ(parsed->table.access(0).value, parsed->table.access(2).value);
  EXPECT_EQ(parsed->table.access(1).value, kInitialCode);
}

TEST(Awdit, NamesTheLineAndWhatWasExpected) {
  for (const char* bad : {"x 1 2", "w 1", "w 1 2 3", "w a 2", "-", "--=--", "w 1 99999999999999999999"}) {
    const auto parsed = parse_awdit(std::string("w 1 2\n\n") + bad);
    ASSERT_FALSE(parsed.ok()) << bad;
    EXPECT_EQ(parsed.error().message,
              std::string(
                  "line 3: expected r KEY VALUE, w KEY VALUE, a line of dashes or of equal signs, found '") +
                  bad + "'");
  }
}

}  // namespace
}  // namespace ordeal
