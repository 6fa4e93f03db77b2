#include "checkers/formats/jsonl_table.h"

#include "checkers/formats/json_event.h"
#include "checkers/formats/jsonl.h"

#include <fmt/format.h>

namespace ordeal {
namespace {

constexpr std::size_t kLinesMeasured = 4096;  ///< before memory for the rest is reserved

}  // namespace

Status JsonlTableReader::feed(std::string_view bytes) {
  while (!failed_ && !bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    bytes_read_ += piece.size() + 1;
    if (partial_.size() + piece.size() > kJsonlLineSizeMax) {
      failed_ = true;
      return invalid_argument(fmt::format("line {}: longer than {} bytes; expected one operation", lines_ + 1,
                                          kJsonlLineSizeMax));
    }
    if (end == std::string_view::npos) {
      partial_ += piece;
      break;
    }
    bytes.remove_prefix(end + 1);
    if (!partial_.empty()) partial_ += piece;
    Status status = read_line(partial_.empty() ? piece : std::string_view(partial_));
    partial_.clear();
    if (!status.ok()) return status;
  }
  return {};
}

Status JsonlTableReader::read_line(std::string_view line) {
  if (++lines_ == kLinesMeasured) reserve();
  if (add_plain_event(line, static_cast<std::int64_t>(parsed_.table.size()), parsed_.table)) return {};
  Status status = read_long_way(line);
  if (status.ok()) return status;
  failed_ = true;
  return Error{status.error().code, fmt::format("line {}: {}", lines_, status.error().message)};
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
  const std::size_t line_bytes = bytes_read_ / lines_;
  parsed_.table.reserve(bytes_expected_ / line_bytes + bytes_expected_ / line_bytes / 32);
}

ParsedTable JsonlTableReader::finish() && {
  if (!partial_.empty() && !failed_) {
    parsed_.notes.push_back(
        fmt::format("line {} has no newline at its end, as when the writer was killed: dropped", lines_ + 1));
  }
  return std::move(parsed_);
}

Result<ParsedTable> parse_jsonl_table(std::string_view text) {
  JsonlTableReader reader(text.size());
  if (Status status = reader.feed(text); !status.ok()) return status.error();
  return std::move(reader).finish();
}

}  // namespace ordeal
