#include "checkers/formats/formats.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checkers/formats/awdit.h"
#include "checkers/formats/cobra.h"
#include "checkers/formats/dbcop.h"
#include "checkers/formats/dbcop_text.h"
#include "checkers/formats/edn.h"
#include "checkers/formats/etcd.h"
#include "checkers/formats/jepsen_json.h"
#include "checkers/formats/jepsen_log.h"
#include "checkers/formats/jsonl.h"
#include "checkers/formats/plume.h"
#include "common/check.h"

namespace ordeal {
namespace {

constexpr std::string_view kBlank = " \t\r\n\f,";
constexpr std::size_t kLogLinesLookedAt = 100;

std::string_view after_blank(std::string_view text) {
  const std::size_t start = text.find_first_not_of(kBlank);
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

/// Blank text and EDN's comment lines.
std::string_view after_comments(std::string_view text) {
  for (text = after_blank(text); text.starts_with(';'); text = after_blank(text)) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end);
  }
  return text;
}

bool looks_like_log(std::string_view text) {
  for (std::size_t i = 0; i < kLogLinesLookedAt && !text.empty(); ++i) {
    const std::size_t end = text.find('\n');
    if (text.substr(0, end).find("jepsen.util - ") != std::string_view::npos) return true;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return false;
}

/// "r 1 2" or "w 1 2".
bool looks_like_access(std::string_view text) {
  if (text.size() < 3 || (text[0] != 'r' && text[0] != 'w') || text[1] != ' ') return false;
  return text[2] == '-' || (text[2] >= '0' && text[2] <= '9');
}

/// "[x:=1" or "[x==1".
bool looks_like_dbcop_text(std::string_view inside) {
  constexpr std::string_view kWord = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  const std::size_t end = inside.find_first_not_of(kWord);
  if (end == 0 || end == std::string_view::npos) return false;
  inside.remove_prefix(end);
  return inside.starts_with(":=") || inside.starts_with("==");
}

HistoryFormat detect_in_braces(std::string_view inside) {
  if (inside.starts_with("\"ClientId\"") || inside.starts_with("\"ClientID\"")) return HistoryFormat::kEtcd;
  if (inside.starts_with("\"params\"")) return HistoryFormat::kDbcopJson;
  return inside.starts_with('"') || inside.starts_with('}') || inside.empty() ? HistoryFormat::kJsonl
                                                                              : HistoryFormat::kEdn;
}

HistoryFormat detect_in_brackets(std::string_view inside) {
  const auto begins_json = [](std::string_view text) {
    return text.starts_with('{') && after_blank(text.substr(1)).starts_with('"');
  };
  if (begins_json(inside)) return HistoryFormat::kJepsenJson;
  if (inside.starts_with('[') && begins_json(after_blank(inside.substr(1)))) return HistoryFormat::kDbcopJson;
  return looks_like_dbcop_text(inside) ? HistoryFormat::kDbcopText : HistoryFormat::kEdn;
}

/// Blank text and the comment lines of DBCop's text.
std::string_view after_slashes(std::string_view text) {
  for (text = after_blank(text); text.starts_with("//"); text = after_blank(text)) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end);
  }
  return text;
}

}  // namespace

const std::vector<FormatInfo>& list_formats() {
  static const std::vector<FormatInfo> formats = {
      {HistoryFormat::kJsonl, "jsonl", "JSON lines, this project's own (docs/formats/history.md)"},
      {HistoryFormat::kEdn, "edn", "Jepsen's and Knossos's EDN, Porcupine's key-value lines"},
      {HistoryFormat::kEdnIndependent, "edn-independent",
       "EDN whose values are [key value], of jepsen.independent"},
      {HistoryFormat::kJepsenJson, "jepsen-json",
       "Jepsen's operations in a JSON array, as elle-cli reads them"},
      {HistoryFormat::kJepsenLog, "jepsen-log", "Jepsen's console log, as Porcupine keeps it"},
      {HistoryFormat::kPlume, "plume",
       "transactions over registers, r(key,value,session,transaction) a line"},
      {HistoryFormat::kAwdit, "awdit", "transactions over registers, r KEY VALUE a line, rules between them"},
      {HistoryFormat::kDbcop, "dbcop",
       "DBCop's history.bincode, which PolySI, VeriStrong and AWDIT read too"},
      {HistoryFormat::kDbcopJson, "dbcop-json", "DBCop's newer sessions in JSON"},
      {HistoryFormat::kDbcopText, "dbcop-text", "DBCop's newer text, [x:=1 y==2] a transaction"},
      {HistoryFormat::kCobra, "cobra", "a folder of Cobra's logs, one for each client"},
      {HistoryFormat::kEtcd, "etcd", "a report of etcd's robustness tests, client-N/operations.json"},
  };
  return formats;
}

Result<HistoryFormat> parse_format_name(std::string_view name) {
  std::vector<std::string_view> names;
  for (const FormatInfo& info : list_formats()) {
    if (info.name == name) return info.format;
    names.push_back(info.name);
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("there is no format \"{}\"; give one of {}", name, fmt::join(names, ", "))};
}

std::string_view to_text(HistoryFormat format) {
  for (const FormatInfo& info : list_formats()) {
    if (info.format == format) return info.name;
  }
  return "jsonl";
}

std::optional<HistoryFormat> detect_format(std::string_view text) {
  if (looks_like_dbcop(text)) return HistoryFormat::kDbcop;
  const std::string_view start = after_comments(text);
  if (start.empty())
    return text.find(';') == std::string_view::npos ? HistoryFormat::kJsonl : HistoryFormat::kEdn;
  const std::string_view inside = after_blank(start.substr(1));
  if (start.starts_with('{')) return detect_in_braces(inside);
  if (start.starts_with('[')) return detect_in_brackets(inside);
  if (start.starts_with('(') || start.starts_with('#')) return HistoryFormat::kEdn;
  if (start.starts_with("r(") || start.starts_with("w(")) return HistoryFormat::kPlume;
  if (looks_like_access(start)) return HistoryFormat::kAwdit;
  if (looks_like_log(text)) return HistoryFormat::kJepsenLog;
  if (const std::string_view bare = after_slashes(text); bare.starts_with('[')) {
    if (looks_like_dbcop_text(after_blank(bare.substr(1)))) return HistoryFormat::kDbcopText;
  }
  return std::nullopt;
}

bool has_bare_transactions(HistoryFormat format) {
  switch (format) {
    case HistoryFormat::kPlume:
    case HistoryFormat::kAwdit:
    case HistoryFormat::kDbcop:
    case HistoryFormat::kDbcopJson:
    case HistoryFormat::kDbcopText:
    case HistoryFormat::kCobra:
      return true;
    default:
      return false;
  }
}

bool is_folder_format(HistoryFormat format) {
  return format == HistoryFormat::kCobra || format == HistoryFormat::kEtcd;
}

bool is_part_of_folder(HistoryFormat format, std::string_view name) {
  ORDEAL_CHECK(is_folder_format(format));
  return format == HistoryFormat::kCobra ? is_cobra_file(name) : is_etcd_file(name);
}

Result<ParsedHistory> parse_history(std::string_view text, HistoryFormat format) {
  ORDEAL_CHECK(!has_bare_transactions(format));
  if (format == HistoryFormat::kJsonl) return parse_jsonl(text);
  const NamedBytes file{.name = {}, .bytes = text};
  if (format == HistoryFormat::kEtcd) return parse_etcd({&file, 1});
  if (format == HistoryFormat::kJepsenJson) return parse_jepsen_json(text);
  if (format == HistoryFormat::kJepsenLog) return parse_jepsen_log(text);
  return parse_edn_history(text, format == HistoryFormat::kEdn ? EdnValues::kPlain : EdnValues::kIndependent);
}

Result<ParsedTransactions> parse_transactions(std::string_view text, HistoryFormat format) {
  ORDEAL_CHECK(has_bare_transactions(format));
  const NamedBytes file{.name = {}, .bytes = text};
  switch (format) {
    case HistoryFormat::kCobra:
      return parse_cobra({&file, 1});
    case HistoryFormat::kPlume:
      return parse_plume(text);
    case HistoryFormat::kDbcop:
      return parse_dbcop(text);
    case HistoryFormat::kDbcopJson:
      return parse_dbcop_json(text);
    case HistoryFormat::kDbcopText:
      return parse_dbcop_text(text);
    default:
      return parse_awdit(text);
  }
}

Result<ParsedHistory> parse_history(std::span<const NamedBytes> files, HistoryFormat format) {
  ORDEAL_CHECK(format == HistoryFormat::kEtcd);
  return parse_etcd(files);
}

Result<ParsedTransactions> parse_transactions(std::span<const NamedBytes> files, HistoryFormat format) {
  ORDEAL_CHECK(format == HistoryFormat::kCobra);
  return parse_cobra(files);
}

}  // namespace ordeal
