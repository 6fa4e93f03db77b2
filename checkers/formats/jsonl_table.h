#pragma once
// The project's own history format (docs/formats/history.md) into columns, at the speed of the disk: lines of
// the usual form are read in one pass without making an Op; all others go the long way, so that both say the
// same.

#include "checkers/formats/jsonl_lines.h"
#include "checkers/formats/parsed_table.h"
#include "common/result.h"

#include <cstddef>
#include <string_view>

namespace ordeal {

/// Reads a history as its bytes arrive. After an error nothing more is read.
class JsonlTableReader {
 public:
  /// `bytes_expected`: of the whole text, to reserve memory for; 0 when that is not known.
  explicit JsonlTableReader(std::size_t bytes_expected = 0) : bytes_expected_(bytes_expected) {}

  /// The error names the line and what was expected.
  Status feed(std::string_view bytes);
  /// Memory used.
  [[nodiscard]] std::uint64_t bytes() const { return parsed_.table.bytes() + lines_.partial_size(); }
  /// To be called once, at the end of the text: a last line without its newline is dropped with a note.
  [[nodiscard]] ParsedTable finish() &&;

 private:
  Status read_line(std::string_view line);
  Status read_long_way(std::string_view line);
  void reserve();

  ParsedTable parsed_;
  std::size_t bytes_expected_;
  std::size_t bytes_read_ = 0;
  JsonlLines lines_;
};

[[nodiscard]] Result<ParsedTable> parse_jsonl_table(std::string_view text);

}  // namespace ordeal
