#include "checkers/formats/byte_cursor.h"

#include <fmt/format.h>

#include <limits>

namespace ordeal {
namespace {

constexpr std::size_t kNumberSize = 8;

}  // namespace

bool ByteCursor::take(char& byte) {
  if (at_end()) return false;
  byte = bytes_[at_++];
  return true;
}

bool ByteCursor::take(bool& yes) {
  if (at_end() || static_cast<unsigned char>(bytes_[at_]) > 1) return false;
  yes = bytes_[at_++] != 0;
  return true;
}

bool ByteCursor::take_little(std::uint64_t& number) {
  if (left() < kNumberSize) return false;
  number = 0;
  for (std::size_t i = kNumberSize; i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(bytes_[at_ + i - 1]);
  at_ += kNumberSize;
  return true;
}

bool ByteCursor::take_little(std::int64_t& number) {
  std::uint64_t wide = 0;
  if (!take_little(wide)) return false;
  if (wide > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    at_ -= kNumberSize;
    return false;
  }
  number = static_cast<std::int64_t>(wide);
  return true;
}

bool ByteCursor::take_big(std::int64_t& number) {
  if (left() < kNumberSize) return false;
  std::uint64_t wide = 0;
  for (std::size_t i = 0; i < kNumberSize; ++i)
    wide = wide << 8 | static_cast<unsigned char>(bytes_[at_ + i]);
  number = static_cast<std::int64_t>(wide);
  at_ += kNumberSize;
  return true;
}

bool ByteCursor::take_count(std::uint64_t& count, std::size_t bytes_each) {
  if (!take_little(count)) return false;
  if (count <= left() / bytes_each) return true;
  at_ -= kNumberSize;
  return false;
}

bool ByteCursor::take_text(std::string_view& text) {
  std::uint64_t size = 0;
  if (!take_count(size, 1)) return false;
  text = bytes_.substr(at_, size);
  at_ += size;
  return true;
}

Error ByteCursor::expected(std::string_view what) const {
  std::string found;
  for (std::size_t i = at_; i < bytes_.size() && i < at_ + kNumberSize; ++i)
    found += fmt::format(" {:02x}", static_cast<unsigned char>(bytes_[i]));
  if (found.empty()) found = " the end of the file";
  return invalid_argument(fmt::format("byte {}: expected {}, found{}", at_, what, found));
}

}  // namespace ordeal
