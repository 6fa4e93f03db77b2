#include "checkers/formats/jsonl_lines.h"

#include <fmt/format.h>

#include "checkers/formats/jsonl.h"

namespace ordeal {

Status JsonlLines::feed(std::string_view bytes, const std::function<Status(std::string_view)>& take) {
  while (!failed_ && !bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (partial_.size() + piece.size() > kJsonlLineSizeMax) {
      failed_ = true;
      return invalid_argument(fmt::format("line {}: longer than {} bytes; expected one operation", count_ + 1,
                                          kJsonlLineSizeMax));
    }
    if (end == std::string_view::npos) {
      partial_ += piece;
      break;
    }
    bytes.remove_prefix(end + 1);
    if (!partial_.empty()) partial_ += piece;
    ++count_;
    const Status status = take(partial_.empty() ? piece : std::string_view(partial_));
    partial_.clear();
    if (status.ok()) continue;
    failed_ = true;
    return Error{status.error().code, fmt::format("line {}: {}", count_, status.error().message)};
  }
  return {};
}

std::optional<std::string> JsonlLines::note() const {
  if (partial_.empty() || failed_) return std::nullopt;
  return fmt::format("line {} has no newline at its end, as when the writer was killed: dropped", count_ + 1);
}

}  // namespace ordeal
