#include "checkers/formats/line_cursor.h"

#include <fmt/format.h>

#include <charconv>

namespace ordeal {
namespace {

constexpr std::size_t kShownMax = 80;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool is_of_word(char c, bool first) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && c >= '0' && c <= '9');
}

}  // namespace

bool LineCursor::next_line() {
  while (!text_.empty()) {
    const std::size_t end = text_.find('\n');
    whole_ = rest_ = text_.substr(0, end);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    ++line_;
    while (!rest_.empty() && is_blank(rest_.back())) rest_.remove_suffix(1);
    if (!at_end()) return true;
  }
  return false;
}

void LineCursor::skip_blanks() {
  while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
}

bool LineCursor::take(std::string_view expected) {
  skip_blanks();
  if (!rest_.starts_with(expected)) return false;
  rest_.remove_prefix(expected.size());
  return true;
}

bool LineCursor::take(std::int64_t& number) {
  skip_blanks();
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
  if (error != std::errc()) return false;
  rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  return true;
}

bool LineCursor::take_word(std::string_view& word) {
  skip_blanks();
  std::size_t size = 0;
  while (size < rest_.size() && is_of_word(rest_[size], size == 0)) ++size;
  word = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return size > 0;
}

bool LineCursor::at_end() {
  skip_blanks();
  return rest_.empty();
}

Error LineCursor::expected(std::string_view what) const {
  return invalid_argument(fmt::format("line {}: expected {}, found '{}{}'", line_, what,
                                      whole_.substr(0, kShownMax), whole_.size() > kShownMax ? "..." : ""));
}

}  // namespace ordeal
