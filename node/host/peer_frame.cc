#include "node/host/peer_frame.h"

#include "common/check.h"
#include "common/codec.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::host {
namespace {

constexpr std::string_view kMagic = "ORDP";
/// Of a name that a stranger sent.
constexpr std::size_t kNameShownMax = 64;

}  // namespace

void append_frame(FrameKind kind, std::string_view payload, Bytes& out) {
  ORDEAL_CHECK(payload.size() <= kFramePayloadMax);
  Encoder header;
  header.raw(kMagic);
  header.u8(kPeerVersion);
  header.u8(static_cast<std::uint8_t>(kind));
  header.u8(0);
  header.u8(0);
  header.u32(static_cast<std::uint32_t>(payload.size()));
  header.u32(crc32c(payload));
  out.append(header.data());
  out.append(payload);
}

Bytes encode(const Hello& hello) {
  Encoder encoder;
  encoder.bytes(hello.cluster);
  encoder.u32(hello.from.value());
  encoder.u32(hello.to.value());
  return std::move(encoder).take();
}

Result<Hello> decode_hello(std::string_view payload) {
  Decoder decoder(payload);
  Hello hello;
  hello.cluster = decoder.bytes();
  hello.from = NodeId(decoder.u32());
  hello.to = NodeId(decoder.u32());
  if (!decoder.finished() || hello.from == kNoNode)
    return Error{ErrorCode::kInvalidArgument, "a greeting does not decode"};
  return hello;
}

std::string printable(std::string_view text, std::size_t size_max) {
  std::string shown;
  for (const char c : text.substr(0, size_max)) {
    const bool plain = c >= ' ' && c <= '~';
    shown += plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return text.size() > size_max ? shown + "..." : shown;
}

std::optional<std::string> refuse_hello(const Hello& hello, std::string_view cluster, NodeId self) {
  if (hello.cluster != cluster) {
    return fmt::format("{} is of cluster '{}', {} is of cluster '{}'", node_name(hello.from),
                       printable(hello.cluster, kNameShownMax), node_name(self), cluster);
  }
  if (hello.to != self) {
    return fmt::format("{} looks for {} and reached {}: an address is wrong", node_name(hello.from),
                       node_name(hello.to), node_name(self));
  }
  if (hello.from == self)
    return fmt::format("another process says that it is {}; give each an --id of its own", node_name(self));
  return std::nullopt;
}

char* FrameReader::prepare(std::size_t size) {
  if (begin_ > 0 && (begin_ == end_ || buffer_.size() - end_ < size)) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < size) buffer_.resize(end_ + size);
  return buffer_.data() + end_;
}

Result<std::optional<Frame>> FrameReader::next(std::uint32_t payload_max) {
  const std::string_view rest = std::string_view(buffer_).substr(begin_, end_ - begin_);
  const std::size_t magic_size = std::min(rest.size(), kMagic.size());
  if (rest.substr(0, magic_size) != kMagic.substr(0, magic_size))
    return Error{ErrorCode::kInvalidArgument, "what speaks there is no node: wrong first bytes"};
  if (rest.size() < kFrameHeaderSize) return std::optional<Frame>();
  Decoder decoder(rest.substr(kMagic.size()));
  const std::uint8_t version = decoder.u8();
  const std::uint8_t kind = decoder.u8();
  decoder.u8();
  decoder.u8();
  const std::uint32_t length = decoder.u32();
  const std::uint32_t crc = decoder.u32();
  if (version != kPeerVersion) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("it speaks version {}, this node speaks {}; run the same release on every node",
                             version, kPeerVersion)};
  }
  if (kind < static_cast<std::uint8_t>(FrameKind::kHello) ||
      kind > static_cast<std::uint8_t>(FrameKind::kDisk))
    return Error{ErrorCode::kInvalidArgument, fmt::format("a frame of unknown kind {}", kind)};
  if (length > payload_max) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("a frame of {} bytes, at most {} are allowed here", length, payload_max)};
  }
  if (rest.size() < kFrameHeaderSize + length) return std::optional<Frame>();
  const std::string_view payload = rest.substr(kFrameHeaderSize, length);
  if (crc32c(payload) != crc) return Error{ErrorCode::kCorruption, "the checksum of a frame is wrong"};
  begin_ += kFrameHeaderSize + length;
  return std::optional<Frame>(Frame{static_cast<FrameKind>(kind), payload});
}

}  // namespace ordeal::host
