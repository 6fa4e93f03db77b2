#pragma once
// Every format a history can be read from, by name or by what the bytes look like.

#include "checkers/formats/named_bytes.h"
#include "checkers/formats/parsed_history.h"
#include "checkers/formats/parsed_transactions.h"
#include "common/result.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ordeal {

enum class HistoryFormat : std::uint8_t {
  kJsonl,
  kEdn,
  kEdnIndependent,
  kJepsenJson,
  kJepsenLog,
  kPlume,
  kAwdit,
  kDbcop,
  kDbcopJson,
  kDbcopText,
  kCobra,
  kEtcd,
};

struct FormatInfo {
  HistoryFormat format;
  std::string_view name;  ///< as --format takes it
  std::string_view text;  ///< what it is, for `ordeal list`
};

[[nodiscard]] const std::vector<FormatInfo>& list_formats();
/// The error lists the names.
[[nodiscard]] Result<HistoryFormat> parse_format_name(std::string_view name);
[[nodiscard]] std::string_view to_text(HistoryFormat format);

/// What the bytes look like; nothing when they look like no format. An empty text is an empty JSON lines
/// history. Whether the values of EDN are [key value] pairs cannot be seen: edn-independent has to be asked
/// for.
[[nodiscard]] std::optional<HistoryFormat> detect_format(std::string_view text);

/// Whether the format has transactions over registers without times.
[[nodiscard]] bool has_bare_transactions(HistoryFormat format);

/// Whether a history in this format may be a folder of files.
[[nodiscard]] bool is_folder_format(HistoryFormat format);
/// Whether a file of the folder, whose name NamedBytes gives, is part of the history. Requires:
/// is_folder_format(format).
[[nodiscard]] bool is_part_of_folder(HistoryFormat format, std::string_view name);

/// Requires: !has_bare_transactions(format).
[[nodiscard]] Result<ParsedHistory> parse_history(std::string_view text, HistoryFormat format);
/// Requires: has_bare_transactions(format).
[[nodiscard]] Result<ParsedTransactions> parse_transactions(std::string_view text, HistoryFormat format);

/// The same for the files of a folder. Requires: is_folder_format(format).
[[nodiscard]] Result<ParsedHistory> parse_history(std::span<const NamedBytes> files, HistoryFormat format);
[[nodiscard]] Result<ParsedTransactions> parse_transactions(std::span<const NamedBytes> files,
                                                            HistoryFormat format);

}  // namespace ordeal
