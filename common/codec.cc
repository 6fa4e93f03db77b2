#include "common/codec.h"

#include "common/check.h"

#include <array>
#include <limits>

namespace ordeal {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

}  // namespace

void Encoder::bytes(std::string_view data) {
  ORDEAL_CHECK(data.size() <= std::numeric_limits<std::uint32_t>::max());
  u32(static_cast<std::uint32_t>(data.size()));
  out_.append(data);
}

bool Decoder::boolean() {
  const std::uint8_t n = u8();
  if (n > 1) fail();
  return n == 1;
}

std::string_view Decoder::bytes() {
  return take(u32());
}

std::uint32_t Decoder::count(std::size_t item_size_min) {
  const std::uint32_t n = u32();
  if (n > rest_.size() / (item_size_min > 0 ? item_size_min : 1)) {
    fail();
    return 0;
  }
  return n;
}

Bytes big_endian_key(std::uint64_t n) {
  Bytes key;
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(n >> shift));
  return key;
}

std::uint64_t parse_big_endian_key(std::string_view key) {
  ORDEAL_CHECK(key.size() == 8);
  std::uint64_t n = 0;
  for (const char c : key) n = (n << 8) | static_cast<unsigned char>(c);
  return n;
}

std::uint32_t crc32c(std::string_view data, std::uint32_t seed) {
  std::uint32_t crc = ~seed;
  for (const char c : data) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

}  // namespace ordeal
