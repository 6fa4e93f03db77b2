// The columns say what the vector says, and the fast reader of lines what the slow one says.

#include "checkers/history_table.h"
#include "checkers/formats/jsonl.h"
#include "checkers/formats/jsonl_table.h"
#include "common/prng.h"

#include <gtest/gtest.h>

#include <limits>

namespace ordeal {
namespace {

constexpr std::uint64_t kSeed = 20261129;

Value random_value(Rng& rng, int depth = 0) {
  switch (rng.below(depth < 2 ? 9 : 6)) {
    case 0:
      return {};
    case 1:
      return rng.between(-3, 3);
    case 2:
      return rng.pick(std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(),
                                                std::numeric_limits<std::int64_t>::min(),
                                                std::int64_t{1} << 60, -(std::int64_t{1} << 60),
                                                (std::int64_t{1} << 60) - 1, -(std::int64_t{1} << 60) - 1});
    case 3:
      return rng.pick(std::vector<std::string>{"", "x", "3-7", "a \"quoted\" \\ text", "\xc3\xa4", "\xff",
                                               "line\nbreak", "a longer text of more than eight bytes"});
    case 4:
      return rng.chance(1, 2);
    case 5:
      return rng.pick(std::vector<double>{0.5, -0.0, 1e300});
    case 6:
      return Value::List{random_value(rng, depth + 1), random_value(rng, depth + 1)};
    case 7: {
      Value::List list;
      for (std::uint64_t i = rng.below(4); i > 0; --i) list.push_back(random_value(rng, depth + 1));
      return list;
    }
    default:
      return Value::Map{{"k", random_value(rng, depth + 1)}};
  }
}

Op random_op(Rng& rng, std::int64_t index) {
  Op op;
  op.index = index;
  op.time = nanoseconds(rng.between(0, 1'000'000'000'000));
  op.process = rng.chance(1, 10) ? kNemesisProcess : ProcessId(rng.between(0, 5));
  op.type = rng.pick(std::vector<OpType>{OpType::kInvoke, OpType::kOk, OpType::kFail, OpType::kInfo});
  op.f = rng.pick(std::vector<std::string>{"read", "write", "cas", "start-partition", "\xc3\xbc"});
  op.key = random_value(rng);
  op.value = random_value(rng);
  if (rng.chance(1, 4)) op.error = rng.pick(std::vector<std::string>{"mismatch", "time \"out\""});
  if (rng.chance(1, 2)) op.node = NodeId(static_cast<std::uint32_t>(rng.between(1, 9)));
  if (rng.chance(1, 4)) op.intended = nanoseconds(rng.between(0, 100));
  if (rng.chance(1, 4)) op.session = rng.below(100);
  if (rng.chance(1, 4))
    op.version = rng.chance(1, 8) ? std::numeric_limits<std::uint64_t>::max() : rng.below(100);
  if (rng.chance(1, 4)) op.attempt = rng.below(5);
  if (rng.chance(1, 4)) op.extra.emplace("seen", random_value(rng));
  if (rng.chance(1, 8)) op.extra.emplace("other", random_value(rng));
  return op;
}

History random_events(std::uint64_t number) {
  Rng rng = Rng(kSeed).split("history", number);
  History history;
  for (std::int64_t i = 0; i < rng.between(1, 20); ++i) history.push_back(random_op(rng, i));
  return history;
}

TEST(HistoryTable, KeepsEverything) {
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    const History history = random_events(i);
    ASSERT_TRUE(HistoryTable(history).to_history() == history) << "seed " << kSeed << ", history " << i;
  }
}

TEST(HistoryTable, HasTheSameRulesAsTheVector) {
  std::uint64_t good = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    Rng rng = Rng(kSeed).split("rules", i);
    History history;
    for (std::int64_t at = 0; at < rng.between(1, 6); ++at) {
      Op op;
      op.index = at;
      op.time = nanoseconds(rng.chance(1, 30) ? 0 : at);
      op.process = rng.chance(1, 5) ? kNemesisProcess : ProcessId(rng.between(0, 2));
      op.type = rng.pick(
          std::vector<OpType>{OpType::kInvoke, OpType::kInvoke, OpType::kOk, OpType::kFail, OpType::kInfo});
      op.f = rng.chance(1, 8) ? "write" : "read";
      op.key = rng.chance(1, 8) ? "y" : "x";
      history.push_back(op);
    }
    const Status expected = check_well_formed(history);
    const HistoryTable table(history);
    const Status found = table.check_well_formed();
    ASSERT_EQ(found.ok(), expected.ok()) << "seed " << kSeed << ", history " << i << '\n'
                                         << print_jsonl(history);
    if (!expected.ok()) {
      ASSERT_EQ(found.error().message, expected.error().message);
      continue;
    }
    ++good;
    const std::vector<Operation> operations = pair_operations(history);
    const std::vector<OperationRow> rows = table.operations();
    ASSERT_EQ(rows.size(), operations.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      EXPECT_EQ(rows[k].invoke, operations[k].invoke);
      EXPECT_EQ(rows[k].completed(), operations[k].complete.has_value());
      if (operations[k].complete) {
        EXPECT_EQ(rows[k].complete, *operations[k].complete);
      }
    }
  }
  EXPECT_GT(good, 1'000U);
}

TEST(ValuePool, CellsAreEqualExactlyWhenValuesAre) {
  ValuePool pool;
  std::vector<std::pair<Value, Cell>> known;
  Rng rng = Rng(kSeed).split("pool");
  for (int i = 0; i < 600; ++i) {
    const Value value = random_value(rng);
    const std::optional<Cell> before = pool.find(value);
    const Cell cell = pool.cell(value);
    bool seen = false;
    for (const auto& [other, other_cell] : known) {
      ASSERT_EQ(cell == other_cell, value == other) << to_text(value) << " and " << to_text(other);
      seen = seen || value == other;
    }
    EXPECT_EQ(before.value_or(cell), cell);
    EXPECT_EQ(pool.find(value), cell);
    EXPECT_EQ(pool.value(cell), value);
    EXPECT_TRUE(!seen || before == cell) << to_text(value);
    known.emplace_back(value, cell);
  }
}

void expect_same(const std::string& text, const std::string& what) {
  const Result<ParsedHistory> slow = parse_jsonl(text);
  const Result<ParsedTable> fast = parse_jsonl_table(text);
  // The index is all that only the fast one looks at.
  if (!fast.ok() && fast.error().message.find("its index is") != std::string::npos) return;
  ASSERT_EQ(fast.ok(), slow.ok()) << what << '\n' << text;
  if (!slow.ok()) {
    EXPECT_EQ(fast.error().message, slow.error().message) << what;
    return;
  }
  // As values: 0.0 and -0.0 are one to a checker.
  EXPECT_TRUE(fast->table.to_history() == slow->history) << what << '\n' << text;
  EXPECT_EQ(fast->notes, slow->notes) << what;
}

TEST(JsonlTable, ReadsWhatTheOtherReaderReads) {
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    expect_same(print_jsonl(random_events(i)),
                "seed " + std::to_string(kSeed) + ", history " + std::to_string(i));
  }
}

TEST(JsonlTable, RefusesWhatTheOtherReaderRefuses) {
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    Rng rng = Rng(kSeed).split("damage", i);
    std::string text = print_jsonl(random_events(i));
    constexpr std::string_view kBytes = "\"\\{}[],:0123456789-+.eE nulltrufase\n\r\t\x01\x80\xff";
    for (std::uint64_t edits = rng.between(1, 3); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = rng.below(text.size());
      const char byte = kBytes[rng.below(kBytes.size())];
      switch (rng.below(4)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        case 2:
          text.erase(at, 1 + rng.below(4));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    expect_same(text, "seed " + std::to_string(kSeed) + ", damage " + std::to_string(i));
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(JsonlTable, TakesBytesInAnyPieces) {
  const std::string text = print_jsonl(random_events(7));
  const std::string whole = print_jsonl(parse_jsonl_table(text)->table.to_history());
  for (std::size_t size = 1; size < 40; ++size) {
    JsonlTableReader reader;
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(reader.feed(std::string_view(text).substr(at, size)).ok());
    }
    EXPECT_EQ(print_jsonl(std::move(reader).finish().table.to_history()), whole);
  }
}

}  // namespace
}  // namespace ordeal
