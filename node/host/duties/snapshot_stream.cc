#include "node/host/duties/snapshot_stream.h"

#include "common/codec.h"

#include <algorithm>

namespace ordeal::host {
namespace {

constexpr std::string_view kMagic = "ORDEALSS";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kBlockHeaderSize = 8;
constexpr std::size_t kBlockBytes = 64UL * 1024;
// A record is at most a key, a list of a megabyte and lengths of very short items; sessions keep a reply.
constexpr std::uint32_t kBlockBytesMax = 256U * 1024 * 1024;

Bytes header() {
  Encoder encoder;
  encoder.raw(kMagic);
  encoder.u32(kVersion);
  return std::move(encoder).take();
}

Bytes framed(std::string_view payload, bool end) {
  Encoder encoder;
  encoder.u32(end ? 0 : static_cast<std::uint32_t>(payload.size()));
  encoder.u32(crc32c(payload));
  encoder.raw(payload);
  return std::move(encoder).take();
}

Error damaged(const std::string& what) {
  return {ErrorCode::kCorruption, "a snapshot that is being installed is damaged: " + what};
}

}  // namespace

SnapshotWriter::SnapshotWriter(std::unique_ptr<StateCursor> cursor, std::optional<char> left_out)
    : cursor_(std::move(cursor)), left_out_(left_out), block_(header()) {
  cursor_->seek({});
}

Result<SnapshotWriter::Piece> SnapshotWriter::read(std::uint64_t offset, std::uint32_t size_max) {
  if (offset < block_offset_) go_back(offset);
  Piece piece;
  std::uint64_t at = offset;
  while (piece.bytes.size() < size_max) {
    const std::uint64_t end = block_offset_ + block_.size();
    if (at < end) {
      const std::size_t begin = at - block_offset_;
      const std::size_t size = std::min(block_.size() - begin, size_max - piece.bytes.size());
      piece.bytes.append(block_, begin, size);
      at += size;
      continue;
    }
    if (ended_) break;
    if (Status status = make_block(); !status.ok()) return status.error();
  }
  piece.last = ended_ && at >= block_offset_ + block_.size();
  return piece;
}

void SnapshotWriter::go_back(std::uint64_t offset) {
  ended_ = false;
  const auto after = std::upper_bound(checkpoints_.begin(), checkpoints_.end(), offset,
                                      [](std::uint64_t at, const Checkpoint& c) { return at < c.offset; });
  if (after == checkpoints_.begin()) {
    block_ = header();
    block_offset_ = 0;
    records_ = 0;
    cursor_->seek({});
    return;
  }
  const Checkpoint& checkpoint = *std::prev(after);
  block_.clear();
  block_offset_ = checkpoint.offset;
  records_ = checkpoint.records;
  cursor_->seek(checkpoint.key);
}

Status SnapshotWriter::make_block() {
  block_offset_ += block_.size();
  Encoder payload;
  std::uint64_t records = 0;
  Bytes first;
  while (cursor_->valid() && payload.data().size() < kBlockBytes) {
    const std::string_view key = cursor_->key();
    if (!left_out_ || key.empty() || key.front() != *left_out_) {
      if (records == 0) first = key;
      payload.bytes(key);
      payload.bytes(cursor_->value());
      ++records;
    }
    cursor_->next();
  }
  if (Status status = cursor_->status(); !status.ok()) return status;
  ended_ = records == 0;
  if (ended_) {
    payload.u64(records_);
  } else if (checkpoints_.empty() || checkpoints_.back().offset < block_offset_) {
    checkpoints_.push_back({block_offset_, first, records_});
  }
  records_ += records;
  block_ = framed(payload.data(), ended_);
  return {};
}

Status SnapshotParser::feed(std::string_view bytes, const Visit& visit) {
  pending_.append(bytes);
  std::string_view rest = pending_;
  if (!header_seen_) {
    if (rest.size() < kHeaderSize) return {};
    if (rest.substr(0, kMagic.size()) != kMagic) return damaged("it does not begin like one");
    Decoder decoder(rest.substr(kMagic.size(), 4));
    if (const std::uint32_t version = decoder.u32(); version != kVersion)
      return damaged("it has version " + std::to_string(version));
    header_seen_ = true;
    rest.remove_prefix(kHeaderSize);
  }
  while (rest.size() >= kBlockHeaderSize) {
    if (ended_) return damaged("bytes after its end");
    Decoder decoder(rest.substr(0, kBlockHeaderSize));
    const std::uint32_t size = decoder.u32();
    const std::uint32_t crc = decoder.u32();
    if (size > kBlockBytesMax) return damaged("a block is too long");
    ended_ = size == 0;
    const std::size_t payload_size = ended_ ? 8 : size;
    if (rest.size() < kBlockHeaderSize + payload_size) {
      ended_ = false;
      break;
    }
    const std::string_view payload = rest.substr(kBlockHeaderSize, payload_size);
    if (crc32c(payload) != crc) return damaged("the checksum of a block is wrong");
    if (Status status = take_block(payload, visit); !status.ok()) return status;
    rest.remove_prefix(kBlockHeaderSize + payload_size);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return {};
}

Status SnapshotParser::take_block(std::string_view payload, const Visit& visit) {
  Decoder decoder(payload);
  if (ended_) {
    if (decoder.u64() != records_) return damaged("it has another number of records than it says");
    return {};
  }
  while (!decoder.at_end()) {
    const std::string_view key = decoder.bytes();
    const std::string_view value = decoder.bytes();
    if (!decoder.ok()) return damaged("a record does not decode");
    visit(key, value);
    ++records_;
  }
  return {};
}

}  // namespace ordeal::host
