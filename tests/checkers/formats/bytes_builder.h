#pragma once
// Bytes of binary formats for tests, as a person would tell them.

#include <cstdint>
#include <string>
#include <string_view>

namespace ordeal::testing {

class BytesBuilder {
 public:
  BytesBuilder& little(std::uint64_t n) {
    for (int shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>(n >> shift & 0xff);
    return *this;
  }
  BytesBuilder& big(std::uint64_t n) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes_ += static_cast<char>(n >> shift & 0xff);
    return *this;
  }
  BytesBuilder& byte(int n) {
    bytes_ += static_cast<char>(n);
    return *this;
  }
  BytesBuilder& text(std::string_view text) {
    little(text.size());
    bytes_ += text;
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace ordeal::testing
