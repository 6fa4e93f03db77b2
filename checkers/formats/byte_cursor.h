#pragma once
// Goes through the bytes of a binary format. What is not there or not as it should be is not taken, and the
// cursor stays where it was, so that an error can name the byte.

#include "common/result.h"

#include <cstdint>
#include <string_view>

namespace ordeal {

class ByteCursor {
 public:
  explicit ByteCursor(std::string_view bytes) : bytes_(bytes) {}

  /// Where the next byte is, from 0.
  [[nodiscard]] std::uint64_t offset() const { return at_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] bool at_end() const { return left() == 0; }

  bool take(char& byte);
  /// A byte that is 0 or 1.
  bool take(bool& yes);
  /// Eight bytes, the least significant first.
  bool take_little(std::uint64_t& number);
  /// The same, but for numbers from 2^63 on, which are not taken.
  bool take_little(std::int64_t& number);
  /// Eight bytes, the most significant first.
  bool take_big(std::int64_t& number);
  /// A number, as take_little, of things of which each takes so many bytes or more: one for which the bytes
  /// that are left have no room is not taken.
  bool take_count(std::uint64_t& count, std::size_t bytes_each);
  /// A count and as many bytes.
  bool take_text(std::string_view& text);

  /// "byte 40: expected ..., found 00 01 02".
  [[nodiscard]] Error expected(std::string_view what) const;

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace ordeal
