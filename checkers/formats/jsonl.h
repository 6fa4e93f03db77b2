#pragma once
// The project's own history format, JSON lines: docs/formats/history.md. Print one operation, or read a file
// that is given piece by piece.

#include "checkers/formats/jsonl_lines.h"
#include "checkers/formats/parsed_history.h"
#include "common/result.h"

#include <string>
#include <string_view>

namespace ordeal {

inline constexpr std::size_t kJsonlLineSizeMax = std::size_t{64} << 20;  ///< bytes

/// One line, without its newline. What parse_jsonl gives for it is equal to `op`, if `op.error`, `op.f` and
/// the names of members are UTF-8.
[[nodiscard]] std::string print_jsonl(const Op& op);
/// All lines, each with its newline.
[[nodiscard]] std::string print_jsonl(const History& history);

/// One line, without its newline. The error says what was expected.
[[nodiscard]] Result<Op> parse_jsonl_op(std::string_view line);

/// Reads a history as its bytes arrive. After an error nothing more is read.
class JsonlReader {
 public:
  /// The error names the line and what was expected.
  Status feed(std::string_view bytes);
  /// To be called once, at the end of the text: a last line without its newline is dropped with a note.
  [[nodiscard]] ParsedHistory finish() &&;

 private:
  ParsedHistory parsed_;
  JsonlLines lines_;
};

[[nodiscard]] Result<ParsedHistory> parse_jsonl(std::string_view text);

}  // namespace ordeal
