#include "node/host/duties/snapshot_stream.h"

#include "common/prng.h"

#include <gtest/gtest.h>

#include <map>

namespace ordeal::host {
namespace {

using Content = std::map<Bytes, Bytes, std::less<>>;

class MapCursor : public StateCursor {
 public:
  explicit MapCursor(const Content& content) : content_(content), it_(content.begin()) {}
  void seek(std::string_view key) override { it_ = content_.lower_bound(key); }
  [[nodiscard]] bool valid() const override { return it_ != content_.end(); }
  [[nodiscard]] std::string_view key() const override { return it_->first; }
  [[nodiscard]] std::string_view value() const override { return it_->second; }
  void next() override { ++it_; }
  [[nodiscard]] Status status() const override { return {}; }

 private:
  const Content& content_;
  Content::const_iterator it_;
};

Content some_content(std::uint64_t seed, std::size_t keys, std::size_t value_size) {
  Rng rng(seed);
  Content content;
  for (std::size_t i = 0; i < keys; ++i)
    content["k" + std::to_string(rng.below(1'000'000))] = Bytes(rng.below(value_size), 'v');
  return content;
}

SnapshotWriter writer_of(const Content& content, std::optional<char> left_out = {}) {
  return {std::make_unique<MapCursor>(content), left_out};
}

Bytes whole(const Content& content, std::uint32_t piece = 1000, std::optional<char> left_out = {}) {
  SnapshotWriter writer = writer_of(content, left_out);
  Bytes stream;
  while (true) {
    const auto got = writer.read(stream.size(), piece);
    EXPECT_TRUE(got.ok());
    EXPECT_LE(got->bytes.size(), piece);
    stream += got->bytes;
    if (got->last) return stream;
    EXPECT_FALSE(got->bytes.empty());
  }
}

Status parse(std::string_view stream, std::size_t piece, Content& content, bool& finished) {
  SnapshotParser parser;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const Status status =
        parser.feed(stream.substr(at, piece),
                    [&](std::string_view key, std::string_view value) { content[Bytes(key)] = value; });
    if (!status.ok()) return status;
  }
  finished = parser.finished();
  return {};
}

TEST(SnapshotStream, ContentComesBackForAnyPieces) {
  for (const std::size_t piece : {1UL, 7UL, 1000UL, 1UL << 20}) {
    const Content content = some_content(piece, 300, 2000);
    Content got;
    bool finished = false;
    ASSERT_TRUE(parse(whole(content, 997), piece, got, finished).ok());
    EXPECT_TRUE(finished);
    EXPECT_EQ(got, content);
  }
}

TEST(SnapshotStream, EmptyStateIsAStreamToo) {
  Content got;
  bool finished = false;
  ASSERT_TRUE(parse(whole({}), 5, got, finished).ok());
  EXPECT_TRUE(finished);
  EXPECT_TRUE(got.empty());
}

TEST(SnapshotStream, SameStateGivesTheSameBytes) {
  const Content content = some_content(5, 500, 1000);
  EXPECT_EQ(whole(content, 100), whole(content, 1 << 20));
}

TEST(SnapshotStream, ResumesAtAnyOffset) {
  const Content content = some_content(6, 2000, 300);
  const Bytes stream = whole(content);
  ASSERT_GT(stream.size(), 200'000U);
  SnapshotWriter writer = writer_of(content);
  Rng rng(6);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t offset = rng.below(stream.size() + 1);
    const auto got = writer.read(offset, 10'000);
    ASSERT_TRUE(got.ok());
    ASSERT_EQ(got->bytes, stream.substr(offset, 10'000)) << "offset " << offset;
    ASSERT_EQ(got->last, offset + got->bytes.size() == stream.size()) << "offset " << offset;
  }
}

TEST(SnapshotStream, LeavesOutThePrefixThatThePlantNames) {
  Content content = some_content(7, 100, 100);
  const Content expected = content;
  for (int i = 0; i < 50; ++i) content["s" + std::to_string(i)] = "session";
  Content got;
  bool finished = false;
  ASSERT_TRUE(parse(whole(content, 1000, 's'), 1000, got, finished).ok());
  EXPECT_TRUE(finished);
  EXPECT_EQ(got, expected);
}

TEST(SnapshotStream, TruncatedStreamIsNeverFinished) {
  const Bytes stream = whole(some_content(8, 20, 50));
  for (std::size_t size = 0; size < stream.size(); ++size) {
    Content got;
    bool finished = false;
    ASSERT_TRUE(parse(stream.substr(0, size), 1 << 20, got, finished).ok()) << size;
    EXPECT_FALSE(finished) << size;
  }
}

TEST(SnapshotStream, EveryFlippedBitIsSeen) {
  const Content content = some_content(9, 20, 50);
  const Bytes stream = whole(content);
  for (std::size_t at = 0; at < stream.size(); ++at) {
    Bytes damaged = stream;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    Content got;
    bool finished = false;
    const Status status = parse(damaged, 1 << 20, got, finished);
    EXPECT_TRUE(!status.ok() || !finished) << "byte " << at;
  }
}

TEST(SnapshotStream, BytesAfterTheEndAreRefused) {
  Content got;
  bool finished = false;
  EXPECT_FALSE(parse(whole({}) + Bytes(20, '\0'), 1 << 20, got, finished).ok());
}

}  // namespace
}  // namespace ordeal::host
