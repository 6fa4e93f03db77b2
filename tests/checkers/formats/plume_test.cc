#include "checkers/formats/plume.h"

#include <gtest/gtest.h>

namespace ordeal {
namespace {

std::string error_of(std::string_view text) {
  const Result<ParsedTransactions> parsed = parse_plume(text);
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(Plume, ReadsTransactionsInTheOrderOfTheirFirstLines) {
  const auto parsed = parse_plume(
      "w(1,10,0,7)\n"
      "r(1,0,1,5)\r\n"
      "w(2,11,0,9)\n"
      "\n"
      "w( 2, 12, 0, 7 )\n"
      "w(1,-3,1,-1)\n");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const TransactionTable& table = parsed->table;
  ASSERT_EQ(table.session_count(), 2U);
  ASSERT_EQ(table.transaction_count(), 4U);
  // Transaction 7 has two accesses, though another's line is in between.
  EXPECT_EQ(table.access_begin(1) - table.access_begin(0), 2U);
  EXPECT_EQ(table.access(1).value, 12U);
  EXPECT_EQ(table.origin(1), 3U);
  EXPECT_EQ(table.session_of(2), 1U);
  EXPECT_EQ(table.access(table.access_begin(2)).value, kInitialCode);
  EXPECT_EQ(table.outcome(3), TransactionOutcome::kAborted);
  EXPECT_EQ(table.value_name(table.access(table.access_begin(3)).value), Value(-3));
}

TEST(Plume, LeavesOutWritesOfTheInitialValueWithANote) {
  const auto parsed = parse_plume("w(1,0,0,1)\nw(1,2,0,1)\n");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->table.access_count(), 1U);
  ASSERT_EQ(parsed->notes.size(), 1U);
  EXPECT_NE(parsed->notes[0].find("1 writes of 0"), std::string::npos);
}

TEST(Plume, NamesTheLineAndWhatWasExpected) {
  const std::string expected = "line 2: expected r(key,value,session,transaction) or w(...), found '";
  EXPECT_EQ(error_of("w(1,2,0,1)\nx(1,2,0,1)\n"), expected + "x(1,2,0,1)'");
  EXPECT_EQ(error_of("w(1,2,0,1)\nw(1,2,0)\n"), expected + "w(1,2,0)'");
  EXPECT_EQ(error_of("w(1,2,0,1)\nw(1,2,0,1) w(3,4,0,1)\n"), expected + "w(1,2,0,1) w(3,4,0,1)'");
  EXPECT_EQ(error_of("w(1,2,0,1)\nw(1,9223372036854775808,0,1)\n"),
            expected + "w(1,9223372036854775808,0,1)'");
  EXPECT_EQ(error_of("w(1,2,0,1)\nw(1,2.5,0,1)\n"), expected + "w(1,2.5,0,1)'");
  EXPECT_NE(error_of(std::string("w(1,2,0,1)\n") + std::string(1'000'000, '(')).find("((((..."),
            std::string::npos);
}

TEST(Plume, RefusesATransactionInTwoSessions) {
  EXPECT_NE(error_of("w(1,2,0,1)\nw(1,3,1,1)\n").find("line 2: transaction 1 was in another session"),
            std::string::npos);
}

TEST(Plume, AnEmptyTextIsAnEmptyHistory) {
  const auto parsed = parse_plume(" \n\n");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->table.transaction_count(), 0U);
}

TEST(Plume, PrintsWhatItReads) {
  const std::string text =
      "w(1,10,4,0)\n"
      "r(1,0,4,1)\n"
      "r(2,-5,4,1)\n"
      "w(2,-5,6,-1)\n";
  const auto parsed = parse_plume(text);
  ASSERT_TRUE(parsed.ok());
  const auto printed = print_plume(parsed->table);
  ASSERT_TRUE(printed.ok()) << printed.error().message;
  EXPECT_EQ(*printed, text);
}

TEST(Plume, ATransactionWithoutLinesTakesNoNumber) {
  const auto parsed = parse_plume("w(1,0,4,8)\nw(1,10,4,9)\n");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*print_plume(parsed->table), "w(1,10,4,0)\n");
}

TEST(Plume, RefusesToPrintWhatItCannotSay) {
  TransactionTableBuilder builder;
  const std::uint32_t t = builder.begin(builder.session(0), TransactionOutcome::kCommitted, 0);
  builder.add(t, {.write = true, .key = builder.key(Value("x")), .value = builder.value(1)});
  const auto table = std::move(builder).finish();
  const auto printed = print_plume(*table);
  ASSERT_FALSE(printed.ok());
  EXPECT_NE(printed.error().message.find("key \"x\" is no integer"), std::string::npos)
      << printed.error().message;
}

}  // namespace
}  // namespace ordeal
