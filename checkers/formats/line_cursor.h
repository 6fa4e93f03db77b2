#pragma once
// Goes through text line by line and number by number, for formats of plain lines.

#include "common/result.h"

#include <cstdint>
#include <string_view>

namespace ordeal {

class LineCursor {
 public:
  explicit LineCursor(std::string_view text) : text_(text) {}

  /// Goes to the next line that is not blank. False at the end.
  bool next_line();
  /// The line's number, from 1.
  [[nodiscard]] std::uint64_t line() const { return line_; }
  /// What is left of the line.
  [[nodiscard]] std::string_view rest() const { return rest_; }

  /// Takes `expected` if it is next, after blanks.
  bool take(std::string_view expected);
  /// Takes a decimal integer of 64 bits if it is next, after blanks.
  bool take(std::int64_t& number);
  /// Takes a word of letters, digits and underscores that does not begin with a digit, after blanks.
  bool take_word(std::string_view& word);
  /// Whether nothing but blanks is left of the line.
  bool at_end();

  /// "line 7: expected ..., found '...'".
  [[nodiscard]] Error expected(std::string_view what) const;

 private:
  void skip_blanks();

  std::string_view text_;   ///< after the line
  std::string_view whole_;  ///< the line
  std::string_view rest_;   ///< of the line
  std::uint64_t line_ = 0;
};

}  // namespace ordeal
