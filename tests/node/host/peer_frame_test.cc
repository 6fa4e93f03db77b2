#include "node/host/peer_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace ordeal::host {
namespace {

using ::testing::HasSubstr;

void put(FrameReader& reader, std::string_view bytes) {
  std::memcpy(reader.prepare(bytes.size()), bytes.data(), bytes.size());
  reader.commit(bytes.size());
}

Bytes frame(FrameKind kind, std::string_view payload) {
  Bytes out;
  append_frame(kind, payload, out);
  return out;
}

TEST(PeerFrame, FramesComeBackByteByByte) {
  FrameReader reader;
  const Bytes stream = frame(FrameKind::kMessage, "one") + frame(FrameKind::kMessage, "") +
                       frame(FrameKind::kMessage, Bytes(100'000, 'x'));
  std::vector<Bytes> got;
  for (const char c : stream) {
    put(reader, {&c, 1});
    const auto next = reader.next(kFramePayloadMax);
    ASSERT_TRUE(next.ok());
    if (next->has_value()) got.emplace_back((*next)->payload);
  }
  EXPECT_EQ(got, (std::vector<Bytes>{"one", "", Bytes(100'000, 'x')}));
}

TEST(PeerFrame, ManyFramesInOneReadComeBack) {
  FrameReader reader;
  Bytes stream;
  for (int i = 0; i < 1000; ++i) append_frame(FrameKind::kMessage, std::to_string(i), stream);
  put(reader, stream);
  for (int i = 0; i < 1000; ++i) {
    const auto next = reader.next(kFramePayloadMax);
    ASSERT_TRUE(next.ok() && next->has_value());
    EXPECT_EQ((*next)->payload, std::to_string(i));
  }
}

std::string failure_of(std::string_view bytes, std::uint32_t payload_max = kFramePayloadMax) {
  FrameReader reader;
  put(reader, bytes);
  const auto next = reader.next(payload_max);
  return next.ok() ? std::string() : next.error().message;
}

TEST(PeerFrame, GarbageIsRefusedAtItsFirstByte) {
  EXPECT_THAT(failure_of("G"), HasSubstr("wrong first bytes"));
  EXPECT_THAT(failure_of("GET / HTTP/1.1\r\n"), HasSubstr("wrong first bytes"));
}

TEST(PeerFrame, OtherVersionIsRefusedByName) {
  Bytes bytes = frame(FrameKind::kHello, "x");
  bytes[4] = 9;
  EXPECT_THAT(failure_of(bytes), HasSubstr("speaks version 9"));
}

TEST(PeerFrame, TooLongFrameIsRefusedBeforeItsPayload) {
  const Bytes bytes = frame(FrameKind::kHello, Bytes(2000, 'x'));
  EXPECT_THAT(failure_of(std::string_view(bytes).substr(0, kFrameHeaderSize), kHelloPayloadMax),
              HasSubstr("2000 bytes"));
}

TEST(PeerFrame, DamagedPayloadIsRefused) {
  Bytes bytes = frame(FrameKind::kMessage, "payload");
  bytes.back() ^= 1;
  EXPECT_THAT(failure_of(bytes), HasSubstr("checksum"));
}

TEST(PeerFrame, TruncatedFrameNeedsMore) {
  const Bytes bytes = frame(FrameKind::kMessage, "payload");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    FrameReader reader;
    put(reader, std::string_view(bytes).substr(0, size));
    const auto next = reader.next(kFramePayloadMax);
    ASSERT_TRUE(next.ok());
    EXPECT_FALSE(next->has_value());
  }
}

TEST(PeerHello, ComesBack) {
  const Hello hello{"ab12", NodeId(1), NodeId(2)};
  EXPECT_EQ(*decode_hello(encode(hello)), hello);
  EXPECT_FALSE(decode_hello("nonsense").ok());
  EXPECT_FALSE(decode_hello("").ok());
}

TEST(PeerHello, RefusesAnotherClusterAddressAndImpostor) {
  EXPECT_EQ(refuse_hello({"a", NodeId(1), NodeId(2)}, "a", NodeId(2)), std::nullopt);
  EXPECT_THAT(*refuse_hello({"b", NodeId(1), NodeId(2)}, "a", NodeId(2)), HasSubstr("cluster 'b'"));
  EXPECT_THAT(*refuse_hello({"a", NodeId(1), NodeId(3)}, "a", NodeId(2)), HasSubstr("looks for n3"));
  EXPECT_THAT(*refuse_hello({"a", NodeId(2), NodeId(2)}, "a", NodeId(2)), HasSubstr("says that it is n2"));
}

// A cluster's name ends in the log of the node that refuses: it must not write lines of its own there.
TEST(PeerHello, RefusalShowsNothingUnprintable) {
  const auto refusal = refuse_hello({"o\n\xff\x1b[31m", NodeId(1), NodeId(2)}, "a", NodeId(2));
  EXPECT_THAT(*refusal, HasSubstr("cluster 'o\\x0a\\xff\\x1b[31m'"));
  EXPECT_LT(refuse_hello({Bytes(900, 'x'), NodeId(1), NodeId(2)}, "a", NodeId(2))->size(), 150U);
}

}  // namespace
}  // namespace ordeal::host
