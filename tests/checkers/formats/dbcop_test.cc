#include "checkers/formats/dbcop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/formats/formats.h"
#include "common/prng.h"
#include "tests/checkers/formats/bytes_builder.h"
#include "tests/checkers/formats/table_text.h"
#include "tests/checkers/transactions/random_transactions.h"

namespace ordeal {
namespace {

using testing::BytesBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::table_text;

/// 40 bytes of numbers and 8 + 4, 8 + 19 and 8 + 19 of texts.
constexpr std::size_t kHeadSize = 106;

BytesBuilder dbcop_head() {
  BytesBuilder bytes;
  for (const std::uint64_t n : {7, 2, 3, 2, 4}) bytes.little(n);
  bytes.text("test").text("2026-01-31T10:00:00").text("2026-01-31T10:00:01");
  return bytes;
}

BytesBuilder& event(BytesBuilder& bytes, int write, std::uint64_t variable, std::uint64_t value,
                    int success = 1) {
  return bytes.byte(write).little(variable).little(value).byte(success);
}

std::string dbcop_error(std::string_view bytes) {
  const Result<ParsedTransactions> parsed = parse_dbcop(bytes);
  return parsed.ok() ? "no error" : parsed.error().message;
}

TEST(Dbcop, ReadsSessionsAndTransactions) {
  BytesBuilder bytes = dbcop_head();
  bytes.little(2).little(2).little(2);
  event(event(bytes, 1, 5, 1), 0, 6, 0).byte(1).little(1);
  event(bytes, 0, 5, 1).byte(1).little(1).little(1);
  event(bytes, 1, 6, INT64_MAX).byte(1);
  ASSERT_EQ(detect_format(bytes.bytes()), HistoryFormat::kDbcop);
  const auto parsed = parse_dbcop(bytes.bytes());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(table_text(parsed->table),
            "0 committed: w 5 1, r 6 nil\n"
            "0 committed: r 5 1\n"
            "1 committed: w 6 9223372036854775807\n");
  EXPECT_EQ(parsed->table.origin(2), 3U);
  EXPECT_THAT(parsed->notes, ElementsAre());
}

TEST(Dbcop, WhatDidNotSucceedIsAborted) {
  BytesBuilder bytes = dbcop_head();
  bytes.little(1).little(2).little(2);
  event(event(bytes, 1, 5, 1, 0), 0, 5, 9, 0).byte(0).little(3);
  event(event(event(bytes, 1, 5, 2), 1, 5, 3, 0), 0, 5, 4, 0).byte(1);
  const auto parsed = parse_dbcop(bytes.bytes());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(table_text(parsed->table),
            "0 aborted: w 5 1\n"
            "0 committed: w 5 2\n"
            "0 aborted: w 5 3\n");
  EXPECT_THAT(parsed->notes, ElementsAre("1 writes of transactions that succeeded did not: read as aborted",
                                         "1 reads of transactions that succeeded did not: left out"));
}

TEST(Dbcop, ZeroIsAValueOfTheVariablesWhereItIsWritten) {
  BytesBuilder bytes = dbcop_head();
  bytes.little(1).little(3).little(2);
  event(event(bytes, 0, 5, 0), 0, 6, 0).byte(1).little(1);
  event(bytes, 1, 5, 0).byte(1).little(1);
  event(bytes, 1, 6, 0).byte(0);
  const auto parsed = parse_dbcop(bytes.bytes());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(table_text(parsed->table),
            "0 committed: r 5 0, r 6 nil\n"
            "0 committed: w 5 0\n"
            "0 aborted: w 6 0\n");
}

TEST(Dbcop, NamesTheByteAndWhatWasExpected) {
  EXPECT_EQ(dbcop_error(dbcop_head().bytes().substr(0, 39)),
            "byte 32: expected five numbers and the texts info, start and end, found 04 00 00 00 00 00 00");
  EXPECT_EQ(
      dbcop_error(dbcop_head().bytes()),
      "byte 106: expected a number of sessions for which the rest of the file has room, found the end of "
      "the file");
  BytesBuilder more = dbcop_head();
  more.little(0).byte(9);
  EXPECT_EQ(dbcop_error(more.bytes()),
            "byte 114: expected the end of the file after the last session, found 09");
  BytesBuilder flag = dbcop_head();
  flag.little(1).little(1).little(1);
  event(flag, 2, 0, 0).byte(1);
  EXPECT_THAT(dbcop_error(flag.bytes()),
              HasSubstr("byte 130: expected 0 for a read or 1 for a write, found 02"));
  BytesBuilder wide = dbcop_head();
  wide.little(1).little(1).little(1);
  event(wide, 1, 3, std::uint64_t{1} << 63).byte(1);
  EXPECT_EQ(dbcop_error(wide.bytes()),
            "byte 139: expected a value below 2^63, found 00 00 00 00 00 00 00 80");
  ASSERT_EQ(dbcop_head().bytes().size(), kHeadSize);
}

TEST(Dbcop, ALengthForWhichThereIsNoRoomTakesNoMemory) {
  for (const std::uint64_t huge : {std::uint64_t{1} << 60, UINT64_MAX, std::uint64_t{3}}) {
    EXPECT_THAT(dbcop_error(dbcop_head().little(huge).bytes()),
                HasSubstr("byte 106: expected a number of sessions"));
    EXPECT_THAT(dbcop_error(dbcop_head().little(1).little(huge).bytes()),
                HasSubstr("byte 114: expected a number of transactions"));
    EXPECT_THAT(dbcop_error(dbcop_head().little(1).little(1).little(huge).byte(1).bytes()),
                HasSubstr("byte 122: expected a number of events"));
    BytesBuilder text;
    for (int i = 0; i < 5; ++i) text.little(0);
    EXPECT_THAT(dbcop_error(text.little(huge + 5).bytes()), HasSubstr("byte 40: expected five numbers"));
  }
}

TEST(Dbcop, SurvivesDamage) {
  constexpr std::uint64_t kSeed = 11;
  Rng rng(kSeed);
  BytesBuilder bytes = dbcop_head();
  bytes.little(1).little(2).little(1);
  event(bytes, 1, 5, 1).byte(1).little(1);
  event(bytes, 0, 5, 1).byte(0);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = bytes.bytes().substr(0, bytes.bytes().size() - rng.below(4));
    for (std::uint64_t n = rng.below(3); n > 0; --n)
      damaged[rng.below(damaged.size())] = static_cast<char>(rng.below(256));
    const auto parsed = parse_dbcop(damaged);
    if (!parsed.ok()) {
      ASSERT_FALSE(parsed.error().message.empty()) << "seed " << kSeed;
    }
  }
}

/// The same with keys that the format has. What aborted transactions read, which it has not, is left out.
TransactionTable printable(const TransactionTable& table) {
  TransactionTableBuilder builder;
  for (SessionIndex s = 0; s < table.session_count(); ++s) (void)builder.session(std::int64_t{s});
  for (TransactionIndex t = 0; t < table.transaction_count(); ++t) {
    const std::uint32_t copy = builder.begin(table.session_of(t), table.outcome(t), t);
    for (std::uint32_t i = table.access_begin(t); i < table.access_begin(t + 1); ++i) {
      Access access = table.access(i);
      if (table.outcome(t) == TransactionOutcome::kAborted && !access.write) continue;
      access.key = builder.key(std::int64_t{access.key});
      builder.add(copy, access);
    }
  }
  return std::move(builder).finish().value();
}

TEST(Dbcop, PrintsWhatItReads) {
  constexpr std::uint64_t kSeed = 12;
  Rng rng(kSeed);
  int printed_ones = 0;
  for (int i = 0; i < 500; ++i) {
    testing::TransactionShape shape;
    shape.accesses_max = 4;
    shape.transactions = 8;
    shape.odd_outcomes_of_16 = static_cast<std::uint32_t>(rng.below(3));
    shape.lies_of_16 = static_cast<std::uint32_t>(rng.below(3));
    const TransactionTable table = printable(testing::random_transactions(rng, shape));
    const auto printed = print_dbcop(table);
    if (!printed.ok()) {
      ASSERT_THAT(printed.error().message, HasSubstr("nobody knows whether")) << "seed " << kSeed;
      continue;
    }
    ++printed_ones;
    ASSERT_EQ(detect_format(*printed), HistoryFormat::kDbcop);
    const auto again = parse_dbcop(*printed);
    ASSERT_TRUE(again.ok()) << again.error().message << ", seed " << kSeed;
    ASSERT_EQ(table_text(again->table), table_text(table)) << "seed " << kSeed << ", history " << i;
    ASSERT_EQ(*print_dbcop(again->table), *printed) << "seed " << kSeed << ", history " << i;
  }
  EXPECT_GT(printed_ones, 100);
}

std::string print_error(const Value& key, const Value& value, TransactionOutcome outcome, bool reads_zero) {
  TransactionTableBuilder builder;
  const std::uint32_t t = builder.begin(builder.session(0), outcome, 0);
  if (reads_zero) builder.add(t, {.write = false, .key = builder.key(key), .value = kInitialCode});
  builder.add(t, {.write = true, .key = builder.key(key), .value = builder.value(value)});
  const auto table = std::move(builder).finish();
  const auto printed = print_dbcop(*table);
  return printed.ok() ? "no error" : printed.error().message;
}

TEST(Dbcop, RefusesToPrintWhatItCannotSay) {
  const TransactionOutcome committed = TransactionOutcome::kCommitted;
  EXPECT_THAT(print_error("x", 1, committed, false),
              HasSubstr("T1 of session 0 (w \"x\" 1): the key \"x\" is no integer from 0"));
  EXPECT_THAT(print_error(1, -1, committed, false), HasSubstr("the value -1 is no integer from 0"));
  EXPECT_THAT(print_error(1, 2, TransactionOutcome::kUnknown, false), HasSubstr("nobody knows whether T1"));
  EXPECT_THAT(print_error(1, 0, committed, true),
              HasSubstr("of key 1 0 is written and the initial value is read"));
  EXPECT_EQ(print_error(1, 0, committed, false), "no error");
}

}  // namespace
}  // namespace ordeal
