#include "checkers/formats/jsonl_table.h"

#include "checkers/formats/json_event.h"
#include "checkers/formats/jsonl.h"

#include <fmt/format.h>

namespace ordeal {
namespace {

constexpr std::size_t kLinesMeasured = 4096;  ///< before memory for the rest is reserved

}  // namespace

Status JsonlTableReader::feed(std::string_view bytes) {
  return lines_.feed(bytes, [this](std::string_view line) { return read_line(line); });
}

Status JsonlTableReader::read_line(std::string_view line) {
  bytes_read_ += line.size() + 1;
  if (lines_.count() == kLinesMeasured) reserve();
  if (add_plain_event(line, static_cast<std::int64_t>(parsed_.table.size()), parsed_.table)) return {};
  return read_long_way(line);
}

Status JsonlTableReader::read_long_way(std::string_view line) {
  const Result<Op> op = parse_jsonl_op(line);
  if (!op.ok()) return op.error();
  if (op->index != static_cast<std::int64_t>(parsed_.table.size())) {
    return invalid_argument(fmt::format("operation {}: its index is {}, expected {}", parsed_.table.size(),
                                        op->index, parsed_.table.size()));
  }
  return parsed_.table.add(*op);
}

// Columns that grow by doubling would take up to twice the memory.
void JsonlTableReader::reserve() {
  if (bytes_expected_ <= bytes_read_) return;
  const std::size_t line_bytes = bytes_read_ / lines_.count();
  parsed_.table.reserve(bytes_expected_ / line_bytes + bytes_expected_ / line_bytes / 32);
}

ParsedTable JsonlTableReader::finish() && {
  if (const std::optional<std::string> note = lines_.note()) parsed_.notes.push_back(*note);
  return std::move(parsed_);
}

Result<ParsedTable> parse_jsonl_table(std::string_view text) {
  JsonlTableReader reader(text.size());
  if (Status status = reader.feed(text); !status.ok()) return status.error();
  return std::move(reader).finish();
}

}  // namespace ordeal
