#pragma once
// The byte stream of a snapshot: the content of Space::kState in key order.
//
//   header: "ORDEALSS" u32 version
//   blocks: u32 size, u32 crc32c of the payload, payload: records of bytes key, bytes value; at least one
//   end:    u32 0, u32 crc32c of the payload, payload: u64 number of records
//
// A block is closed when it holds kBlockBytes, so it may be longer by one record. The stream is the same
// bytes for the same state, whoever writes it.

#include "common/ids.h"
#include "common/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace ordeal::host {

/// Walks a pinned state in key order.
class StateCursor {
 public:
  StateCursor() = default;
  StateCursor(const StateCursor&) = delete;
  StateCursor& operator=(const StateCursor&) = delete;
  virtual ~StateCursor() = default;

  /// Goes to the first key that is not less.
  virtual void seek(std::string_view key) = 0;
  [[nodiscard]] virtual bool valid() const = 0;
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  virtual void next() = 0;
  /// Whether the end came because the state ends.
  [[nodiscard]] virtual Status status() const = 0;
};

/// Makes the stream piece by piece. Reading on where the last piece ended costs nothing extra; going back
/// costs one seek, because the first key of every block that was made is kept.
class SnapshotWriter {
 public:
  /// Keys that begin with `left_out` do not get into the stream (plant R18).
  SnapshotWriter(std::unique_ptr<StateCursor> cursor, std::optional<char> left_out);

  struct Piece {
    Bytes bytes;
    bool last = false;
  };
  /// At most `size_max` bytes from `offset` on. Past the end: empty and last.
  [[nodiscard]] Result<Piece> read(std::uint64_t offset, std::uint32_t size_max);

 private:
  struct Checkpoint {
    std::uint64_t offset = 0;   // of the block in the stream
    Bytes key;                  // its first
    std::uint64_t records = 0;  // before it
  };

  void go_back(std::uint64_t offset);
  [[nodiscard]] Status make_block();

  std::unique_ptr<StateCursor> cursor_;
  std::optional<char> left_out_;
  std::vector<Checkpoint> checkpoints_;  // in order; only grows
  Bytes block_;                          // what is at hand, from block_offset_ on
  std::uint64_t block_offset_ = 0;
  std::uint64_t records_ = 0;  // in the blocks up to here
  bool ended_ = false;         // block_ holds the end
};

/// Takes the stream apart as it comes.
class SnapshotParser {
 public:
  using Visit = std::function<void(std::string_view key, std::string_view value)>;
  /// kCorruption when the stream is damaged; the records of a damaged block are not visited.
  [[nodiscard]] Status feed(std::string_view bytes, const Visit& visit);
  [[nodiscard]] bool finished() const { return ended_ && pending_.empty(); }

 private:
  [[nodiscard]] Status take_block(std::string_view payload, const Visit& visit);

  Bytes pending_;
  bool header_seen_ = false;
  bool ended_ = false;
  std::uint64_t records_ = 0;
};

}  // namespace ordeal::host
