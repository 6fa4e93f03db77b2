#pragma once
// Frames between nodes over TCP, little-endian:
//
//   u32 magic "ORDP", u8 version, u8 kind, u16 0, u32 length, u32 crc32c of the payload, payload
//
// A connection carries messages in one direction only. Who connected says hello first; the other side answers
// welcome, or refused with the reason as text, and closes. After that come messages, and in between whether
// the sender's disk is full: one byte, 1 or 0. Until it has said so it is not.

#include "common/ids.h"
#include "common/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ordeal::host {

inline constexpr std::uint8_t kPeerVersion = 2;
inline constexpr std::size_t kFrameHeaderSize = 16;
inline constexpr std::uint32_t kFramePayloadMax = 16U * 1024 * 1024;
inline constexpr std::uint32_t kHelloPayloadMax = 1024;  ///< while nobody knows who is speaking

enum class FrameKind : std::uint8_t { kHello = 1, kWelcome = 2, kRefused = 3, kMessage = 4, kDisk = 5 };

struct Hello {
  std::string cluster;
  NodeId from;
  NodeId to;  ///< whom the sender believes to have reached

  friend bool operator==(const Hello&, const Hello&) = default;
};

/// Appends a frame to `out`. Requires: payload of at most kFramePayloadMax bytes.
void append_frame(FrameKind kind, std::string_view payload, Bytes& out);
[[nodiscard]] Bytes encode(const Hello& hello);
[[nodiscard]] Result<Hello> decode_hello(std::string_view payload);

/// What a stranger sent, fit for a line of the log: at most so many bytes, those that are no plain ASCII as
/// \xNN.
[[nodiscard]] std::string printable(std::string_view text, std::size_t size_max);

/// Nothing, or why the connection of `hello` is refused by node `self` of `cluster`.
[[nodiscard]] std::optional<std::string> refuse_hello(const Hello& hello, std::string_view cluster,
                                                      NodeId self);

struct Frame {
  FrameKind kind = FrameKind::kMessage;
  std::string_view payload;  ///< into the reader's buffer, until the next call
};

/// Cuts a byte stream into frames.
class FrameReader {
 public:
  /// Where the next bytes may be put, and how many came.
  [[nodiscard]] char* prepare(std::size_t size);
  void commit(std::size_t size) { end_ += size; }

  /// The next whole frame; none when more bytes are needed. An error (another magic, version, a too long or
  /// damaged frame) ends the connection; the message says which.
  [[nodiscard]] Result<std::optional<Frame>> next(std::uint32_t payload_max);

 private:
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace ordeal::host
