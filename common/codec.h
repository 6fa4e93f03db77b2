#pragma once
// Little-endian binary writer and reader for log entries, stored records and peer messages. Lengths are 32
// bits. The reader never reads past its input: after the first failure every further read gives zeros and
// ok() is false, so a decoder checks once, at its end.

#include "common/ids.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ordeal {

class Encoder {
 public:
  Encoder() { out_.reserve(kFirstSize); }

  void u8(std::uint8_t n) { out_.push_back(static_cast<char>(n)); }
  void u32(std::uint32_t n) { little_endian<4>(n); }
  void u64(std::uint64_t n) { little_endian<8>(n); }
  void i64(std::int64_t n) { u64(static_cast<std::uint64_t>(n)); }
  void boolean(bool b) { u8(b ? 1 : 0); }
  /// Length and bytes. Requires: fewer than 2^32 bytes.
  void bytes(std::string_view data);
  template <class Tag, class Rep>
  void id(StrongInt<Tag, Rep> value) {
    u64(static_cast<std::uint64_t>(value.value()));
  }
  /// Appends as is, without a length.
  void raw(std::string_view data) { out_.append(data); }

  [[nodiscard]] const Bytes& data() const& { return out_; }
  [[nodiscard]] Bytes take() && { return std::move(out_); }

 private:
  /// Holds most messages and records: one allocation instead of three.
  static constexpr std::size_t kFirstSize = 64;

  /// A loop of constant length, which the compiler makes one store.
  template <std::size_t Size>
  void little_endian(std::uint64_t n) {
    std::array<char, Size> bytes{};
    for (std::size_t i = 0; i < Size; ++i) bytes[i] = static_cast<char>(n >> (8 * i));
    out_.append(bytes.data(), Size);
  }

  Bytes out_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view input) : rest_(input) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian<1>()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian<4>()); }
  std::uint64_t u64() { return little_endian<8>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  /// Fails on anything but 0 and 1.
  bool boolean();
  /// A view into the input.
  std::string_view bytes();
  /// Fails on a number that the type cannot hold.
  template <class Id>
  Id id() {
    const std::uint64_t number = u64();
    const auto value = static_cast<typename Id::rep>(number);
    if (static_cast<std::uint64_t>(value) == number) return Id(value);
    fail();
    return Id();
  }
  /// A count of items of at least `item_size_min` bytes each; fails when the rest of the input cannot hold
  /// them, so that a hostile count allocates nothing.
  std::uint32_t count(std::size_t item_size_min);

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// True when nothing failed and nothing is left over.
  [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  std::string_view take(std::size_t size) {
    if (rest_.size() < size) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <std::size_t Size>
  std::uint64_t little_endian() {
    const std::string_view taken = take(Size);
    if (taken.empty()) return 0;
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < Size; ++i)
      n |= static_cast<std::uint64_t>(static_cast<unsigned char>(taken[i])) << (8 * i);
    return n;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// Big-endian 8 bytes: keys whose byte order is their number's order.
[[nodiscard]] Bytes big_endian_key(std::uint64_t n);
/// Requires: 8 bytes.
[[nodiscard]] std::uint64_t parse_big_endian_key(std::string_view key);

/// CRC-32C (Castagnoli), for frames and chunks.
[[nodiscard]] std::uint32_t crc32c(std::string_view data, std::uint32_t seed = 0);

}  // namespace ordeal
