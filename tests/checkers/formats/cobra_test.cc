#include "checkers/formats/cobra.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checkers/formats/bytes_builder.h"
#include "tests/checkers/formats/table_text.h"

namespace ordeal {
namespace {

using testing::BytesBuilder;
using ::testing::ElementsAre;
using testing::table_text;

constexpr std::uint64_t kInitWrite = 0xbebeebee;
constexpr std::uint64_t kNullWrite = 0xdeadbeef;

BytesBuilder& cobra_read(BytesBuilder& bytes, std::uint64_t write, std::uint64_t key) {
  return bytes.byte('R').big(write).big(write).big(key).big(77);
}
BytesBuilder& cobra_write(BytesBuilder& bytes, std::uint64_t write, std::uint64_t key) {
  return bytes.byte('W').big(write).big(key).big(77);
}

std::string cobra_error(std::string_view bytes) {
  const NamedBytes file{.name = "T0.log", .bytes = bytes};
  const Result<ParsedTransactions> parsed = parse_cobra({&file, 1});
  return parsed.ok() ? "no error" : parsed.error().message;
}

TEST(Cobra, ReadsALogForEachSession) {
  BytesBuilder first;
  cobra_write(cobra_read(first.byte('S').big(1), kInitWrite, 5), 100, 5).byte('C').big(1);
  cobra_read(first.byte('S').big(2), kNullWrite, UINT64_MAX).byte('C').big(2);
  BytesBuilder second;
  cobra_read(second.byte('S').big(3), 100, 5).byte('C').big(3);
  const std::vector<NamedBytes> files = {{.name = "T0.debug", .bytes = "what"},
                                         {.name = "T0.log", .bytes = first.bytes()},
                                         {.name = "T1.log", .bytes = second.bytes()}};
  const auto parsed = parse_cobra(files);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(table_text(parsed->table),
            "0 committed: r 5 nil, w 5 100\n"
            "0 committed: r -1 nil\n"
            "1 committed: r 5 100\n");
  EXPECT_EQ(parsed->table.session_name(1), Value("T1.log"));
  EXPECT_THAT(parsed->notes, ElementsAre("1 files are no .log: left out"));
}

TEST(Cobra, ANumberThatIsWrittenIsNoInitialValue) {
  BytesBuilder bytes;
  cobra_read(cobra_read(bytes.byte('S').big(1), kNullWrite, 5), kNullWrite, 6).byte('C').big(1);
  cobra_write(bytes.byte('S').big(2), kNullWrite, 5).byte('C').big(2);
  const NamedBytes file{.name = "T0.log", .bytes = bytes.bytes()};
  const auto parsed = parse_cobra({&file, 1});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(table_text(parsed->table),
            "0 committed: r 5 3735928559, r 6 nil\n"
            "0 committed: w 5 3735928559\n");
}

TEST(Cobra, SaysWhatItLeavesOutAndWhatIsOpen) {
  BytesBuilder bytes;
  cobra_read(bytes.byte('S').big(1), 0xabcdefab, 5);
  cobra_write(bytes, 100, 5);
  const NamedBytes file{.name = "T0.log", .bytes = bytes.bytes()};
  const auto parsed = parse_cobra({&file, 1});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(table_text(parsed->table), "0 unknown: w 5 100\n");
  EXPECT_THAT(
      parsed->notes,
      ElementsAre("1 reads of what Cobra's deletes and garbage collection wrote: left out",
                  "1 transactions have no commit at the end of their logs: nobody knows their outcome"));
}

TEST(Cobra, NamesTheFileTheByteAndWhatWasExpected) {
  EXPECT_EQ(cobra_error("X"), "byte 0: expected S, W, R or C, found 58");
  EXPECT_EQ(cobra_error("W"), "byte 0: expected S, the begin of a transaction, found 57");
  EXPECT_EQ(cobra_error("S123"), "byte 1: expected the transaction's number of eight bytes, found 31 32 33");
  BytesBuilder twice;
  twice.byte('S').big(1).byte('S').big(2);
  EXPECT_EQ(cobra_error(twice.bytes()),
            "byte 9: expected W, R or C within a transaction, found 53 00 00 00 00 00 00 00");
  BytesBuilder other;
  other.byte('S').big(1).byte('C').big(2);
  EXPECT_EQ(cobra_error(other.bytes()),
            "byte 10: expected the number of the transaction that is open, 1, found 00 00 00 00 00 00 00 02");
  BytesBuilder cut;
  cut.byte('S').big(1).byte('R').big(1).big(2).big(3);
  EXPECT_EQ(cobra_error(cut.bytes()),
            "byte 34: expected four numbers of a read, eight bytes each, found the end of the file");
  const std::vector<NamedBytes> files = {{.name = "T0.log", .bytes = ""}, {.name = "T1.log", .bytes = "X"}};
  EXPECT_EQ(parse_cobra(files).error().message, "T1.log: byte 0: expected S, W, R or C, found 58");
}

}  // namespace
}  // namespace ordeal
