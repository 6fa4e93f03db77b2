#include "checkers/driver/load_history.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <utility>

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
    return judge();
  }

  /// Whether the bytes come as a folder of files.
  [[nodiscard]] bool takes_folder() const { return known_ && is_folder_format(loaded_.format); }
  [[nodiscard]] bool is_part(const std::string& name) const {
    return is_part_of_folder(loaded_.format, name);
  }
  Status take_part(std::string_view piece, std::string& text) {
    text += piece;
    folder_bytes_ += piece.size();
    return folder_bytes_ > memory_max_ ? too_large() : Status();
  }
  Result<LoadedHistory> finish_folder(const std::vector<NamedBytes>& files) && {
    const Status parsed = has_bare_transactions(loaded_.format)
                              ? keep(parse_transactions(files, loaded_.format))
                              : keep(parse_history(files, loaded_.format));
    if (!parsed.ok()) return parsed.error();
    return judge();
  }

 private:
  Result<LoadedHistory> judge() {
    if (const Status status = loaded_.history.check_well_formed(); !status.ok()) {
      const std::string_view counted =
          loaded_.format == HistoryFormat::kJsonl ? " (operation N is on line N + 1)" : " (counted from 0)";
      return Error{status.error().code, fmt::format("{}{}", status.error().message, counted)};
    }
    return std::move(loaded_);
  }

  Status parse() {
    if (loaded_.format == HistoryFormat::kJsonl) {
      ParsedTable parsed = lines_ ? std::move(*lines_).finish() : ParsedTable();
      loaded_.history = std::move(parsed.table);
      loaded_.notes = std::move(parsed.notes);
      return {};
    }
    return has_bare_transactions(loaded_.format) ? keep(parse_transactions(text_, loaded_.format))
                                                 : keep(parse_history(text_, loaded_.format));
  }

  Status keep(Result<ParsedTransactions> parsed) {
    if (!parsed.ok()) return parsed.error();
    loaded_.transactions = std::move(parsed->table);
    loaded_.notes = std::move(parsed->notes);
    return {};
  }
  Status keep(Result<ParsedHistory> parsed) {
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
  std::uint64_t folder_bytes_ = 0;
};

Error about_file(const std::string& path, const Error& error) {
  return {error.code, fmt::format("{}: {}", path, error.message)};
}

/// Files that are no part of the history are not read.
Result<LoadedHistory> load_folder(const std::string& path, HistoryLoader loader, const std::string& format) {
  const Result<std::vector<std::string>> names = list_folder(path);
  if (!names.ok()) return names.error();
  std::vector<std::string> parts;
  std::vector<std::string> texts;
  for (const std::string& name : *names) {
    if (!loader.is_part(name)) continue;
    parts.push_back(name);
    std::string& text = texts.emplace_back();
    const Status read = stream_history_file(
        path + "/" + name, [&](std::string_view piece) { return loader.take_part(piece, text); });
    if (!read.ok()) return read.error();
  }
  if (parts.empty())
    return invalid_argument(fmt::format("{}: the folder has no file of the format {}", path, format));
  std::vector<NamedBytes> files;
  for (std::size_t i = 0; i < parts.size(); ++i) files.push_back({.name = parts[i], .bytes = texts[i]});
  Result<LoadedHistory> loaded = std::move(loader).finish_folder(files);
  if (!loaded.ok()) return about_file(path, loaded.error());
  return loaded;
}

}  // namespace

Result<LoadedHistory> load_history_file(const std::string& path, const LoadOptions& options) {
  HistoryLoader loader(options, plain_file_size(path));
  if (!options.format.empty()) {
    if (Status known = loader.set_format(options.format); !known.ok()) return known.error();
  }
  std::error_code ignored;  // Ignored: what cannot be asked about is no folder.
  if (loader.takes_folder() && std::filesystem::is_directory(path, ignored))
    return load_folder(path, std::move(loader), options.format);
  const Status read =
      stream_history_file(path, [&loader](std::string_view piece) { return loader.take(piece); });
  if (!read.ok()) return read.error();
  Result<LoadedHistory> loaded = std::move(loader).finish();
  if (!loaded.ok()) return about_file(path, loaded.error());
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
