#include "common/codec.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/prng.h"

namespace ordeal {
namespace {

TEST(Codec, ReadsBackWhatItWrote) {
  Encoder encoder;
  encoder.u8(200);
  encoder.u32(4'000'000'000);
  encoder.u64(std::numeric_limits<std::uint64_t>::max());
  encoder.i64(std::numeric_limits<std::int64_t>::min());
  encoder.boolean(true);
  encoder.bytes(std::string_view("a\0b", 3));
  encoder.id(NodeId(7));
  encoder.id(kNemesisProcess);
  encoder.raw("tail");
  Decoder decoder(encoder.data());
  EXPECT_EQ(decoder.u8(), 200);
  EXPECT_EQ(decoder.u32(), 4'000'000'000);
  EXPECT_EQ(decoder.u64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(decoder.i64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(decoder.boolean());
  EXPECT_EQ(decoder.bytes(), std::string_view("a\0b", 3));
  EXPECT_EQ(decoder.id<NodeId>(), NodeId(7));
  EXPECT_EQ(decoder.id<ProcessId>(), kNemesisProcess);
  EXPECT_TRUE(decoder.ok());
  EXPECT_FALSE(decoder.at_end());
  EXPECT_FALSE(decoder.finished());
}

TEST(Codec, IsLittleEndian) {
  Encoder encoder;
  encoder.u32(0x01020304);
  encoder.u64(0x05);
  EXPECT_EQ(encoder.data(), std::string("\x04\x03\x02\x01\x05\0\0\0\0\0\0\0", 12));
}

TEST(Codec, AfterAFailureEverythingIsZero) {
  Encoder encoder;
  encoder.u32(100);  // A length that the input has not.
  encoder.raw("abcdefgh");
  Decoder decoder(encoder.data());
  EXPECT_EQ(decoder.bytes(), "");
  EXPECT_FALSE(decoder.ok());
  EXPECT_EQ(decoder.u8(), 0);
  EXPECT_EQ(decoder.u64(), 0u);
  EXPECT_EQ(decoder.count(1), 0u);
  EXPECT_FALSE(decoder.finished());
}

TEST(Codec, EveryCutIsAFailure) {
  Encoder encoder;
  encoder.u8(1);
  encoder.u32(2);
  encoder.bytes("value");
  encoder.u64(3);
  for (std::size_t size = 0; size < encoder.data().size(); ++size) {
    Decoder decoder(std::string_view(encoder.data()).substr(0, size));
    decoder.u8();
    decoder.u32();
    decoder.bytes();
    decoder.u64();
    EXPECT_FALSE(decoder.finished()) << size;
  }
}

TEST(Codec, ABooleanIsZeroOrOne) {
  Decoder decoder("\x02");
  EXPECT_FALSE(decoder.boolean());
  EXPECT_FALSE(decoder.ok());
}

TEST(Codec, AnIdThatTheTypeCannotHoldIsAFailure) {
  Encoder encoder;
  encoder.u64((std::uint64_t{1} << 32) + 1);
  Decoder decoder(encoder.data());
  EXPECT_EQ(decoder.id<NodeId>(), kNoNode);
  EXPECT_FALSE(decoder.ok());
}

TEST(Codec, ACountThatTheInputCannotHoldIsAFailure) {
  Encoder encoder;
  encoder.u32(3);
  encoder.raw("12345678");
  Decoder good(encoder.data());
  EXPECT_EQ(good.count(2), 3u);
  EXPECT_TRUE(good.ok());
  Decoder bad(encoder.data());
  EXPECT_EQ(bad.count(3), 0u);
  EXPECT_FALSE(bad.ok());
}

TEST(Codec, GarbageIsNeverReadBeyondItsEnd) {
  constexpr std::uint64_t kSeed = 21;
  Rng rng(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    Bytes garbage;
    for (std::uint64_t n = rng.below(24); n > 0; --n) garbage.push_back(static_cast<char>(rng.below(256)));
    Decoder decoder(garbage);
    while (decoder.ok() && !decoder.at_end()) {
      switch (rng.below(6)) {
        case 0:
          decoder.u8();
          break;
        case 1:
          decoder.u32();
          break;
        case 2:
          decoder.u64();
          break;
        case 3:
          decoder.boolean();
          break;
        case 4:
          ASSERT_LE(decoder.bytes().size(), garbage.size()) << "seed " << kSeed;
          break;
        default:
          ASSERT_LE(decoder.count(1), garbage.size()) << "seed " << kSeed;
          break;
      }
    }
  }
}

TEST(Codec, BigEndianKeysAreInTheirNumbersOrder) {
  EXPECT_EQ(big_endian_key(0x0102), std::string("\0\0\0\0\0\0\1\2", 8));
  Rng rng(22);
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t a = rng.next() >> rng.below(64);
    const std::uint64_t b = rng.next() >> rng.below(64);
    EXPECT_EQ(parse_big_endian_key(big_endian_key(a)), a);
    EXPECT_EQ(big_endian_key(a) < big_endian_key(b), a < b);
  }
}

// RFC 3720, appendix B.4, and the usual check value.
TEST(Crc32c, PublishedVectors) {
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(ascending), 0x46dd794eU);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(Crc32c, GoesOnFromASeed) {
  EXPECT_EQ(crc32c("456789", crc32c("123")), crc32c("123456789"));
}

}  // namespace
}  // namespace ordeal
