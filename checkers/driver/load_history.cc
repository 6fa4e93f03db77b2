#include "checkers/driver/load_history.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checkers/driver/read_file.h"
#include "checkers/formats/jsonl_table.h"

namespace ordeal {
namespace {

Error unknown_format() {
  std::vector<std::string_view> names;
  for (const FormatInfo& info : list_formats()) names.push_back(info.name);
  return invalid_argument(
      fmt::format("looks like no history format that is known; say which, as --format takes it: {}",
                  fmt::join(names, ", ")));
}

/// Reads a history as its bytes arrive. Its errors do not say where the bytes are from.
class HistoryLoader {
 public:
  /// `bytes_expected`: of the whole text, to reserve memory for; 0 when that is not known.
  HistoryLoader(const LoadOptions& options, std::uint64_t bytes_expected)
      : memory_max_(options.memory_bytes), bytes_expected_(bytes_expected) {}

  /// Before the first piece; without it the first piece says.
  Status set_format(std::string_view name) {
    const Result<HistoryFormat> format = parse_format_name(name);
    if (!format.ok()) return format.error();
    loaded_.format = *format;
    known_ = true;
    return {};
  }

  Status take(std::string_view piece) {
    if (!known_) {
      const std::optional<HistoryFormat> format = detect_format(piece);
      if (!format) return unknown_format();
      loaded_.format = *format;
      known_ = true;
    }
    if (loaded_.format != HistoryFormat::kJsonl) {
      text_ += piece;
      return text_.size() > memory_max_ ? too_large() : Status();
    }
    if (!lines_) lines_.emplace(bytes_expected_);
    if (Status fed = lines_->feed(piece); !fed.ok()) return fed;
    return lines_->bytes() > memory_max_ ? too_large() : Status();
  }

  /// To be called once, at the end of the text.
  Result<LoadedHistory> finish() && {
    if (!known_) {
      if (Status empty = take({}); !empty.ok()) return empty.error();
    }
    if (Status parsed = parse(); !parsed.ok()) return parsed.error();
    if (const Status status = loaded_.history.check_well_formed(); !status.ok()) {
      const std::string_view counted =
          loaded_.format == HistoryFormat::kJsonl ? " (operation N is on line N + 1)" : " (counted from 0)";
      return Error{status.error().code, fmt::format("{}{}", status.error().message, counted)};
    }
    return std::move(loaded_);
  }

 private:
  Status parse() {
    if (loaded_.format == HistoryFormat::kJsonl) {
      ParsedTable parsed = lines_ ? std::move(*lines_).finish() : ParsedTable();
      loaded_.history = std::move(parsed.table);
      loaded_.notes = std::move(parsed.notes);
      return {};
    }
    if (has_bare_transactions(loaded_.format)) {
      Result<ParsedTransactions> bare = parse_transactions(text_, loaded_.format);
      if (!bare.ok()) return bare.error();
      loaded_.transactions = std::move(bare->table);
      loaded_.notes = std::move(bare->notes);
      return {};
    }
    Result<ParsedHistory> parsed = parse_history(text_, loaded_.format);
    if (!parsed.ok()) return parsed.error();
    loaded_.history = HistoryTable(parsed->history);
    loaded_.notes = std::move(parsed->notes);
    return {};
  }

  [[nodiscard]] Status too_large() const {
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("takes more than {} bytes; raise the memory limit, or split the history by key",
                             memory_max_)};
  }

  const std::uint64_t memory_max_;
  const std::uint64_t bytes_expected_;
  bool known_ = false;  ///< the format
  LoadedHistory loaded_;
  std::optional<JsonlTableReader> lines_;
  std::string text_;
};

}  // namespace

Result<LoadedHistory> load_history_file(const std::string& path, const LoadOptions& options) {
  HistoryLoader loader(options, plain_file_size(path));
  if (!options.format.empty()) {
    if (Status known = loader.set_format(options.format); !known.ok()) return known.error();
  }
  const Status read =
      stream_history_file(path, [&loader](std::string_view piece) { return loader.take(piece); });
  if (!read.ok()) return read.error();
  Result<LoadedHistory> loaded = std::move(loader).finish();
  if (!loaded.ok()) return Error{loaded.error().code, fmt::format("{}: {}", path, loaded.error().message)};
  return loaded;
}

Result<LoadedHistory> load_history(std::string_view bytes, const LoadOptions& options) {
  HistoryLoader loader(options, plain_size(bytes));
  if (!options.format.empty()) {
    if (Status known = loader.set_format(options.format); !known.ok()) return known.error();
  }
  const Status read =
      stream_history_bytes(bytes, [&loader](std::string_view piece) { return loader.take(piece); });
  if (!read.ok()) return read.error();
  return std::move(loader).finish();
}

}  // namespace ordeal
