#include "checkers/formats/output_formats.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checkers/formats/dbcop.h"
#include "checkers/formats/jepsen_print.h"
#include "checkers/formats/jsonl.h"
#include "checkers/formats/plain_transactions.h"
#include "checkers/formats/plume.h"
#include "checkers/transactions/register_history.h"

namespace ordeal {

const std::vector<OutputFormatInfo>& list_output_formats() {
  static const std::vector<OutputFormatInfo> formats = {
      {OutputFormat::kJsonl, "jsonl", "JSON lines, this project's own (docs/formats/history.md)"},
      {OutputFormat::kEdn, "edn", "Jepsen's EDN, an operation a line"},
      {OutputFormat::kElleEdn, "elle-edn", "the same of transactions alone, as Elle wants them"},
      {OutputFormat::kPorcupineKv, "porcupine-kv", "gets and puts, as Porcupine's key-value test reads them"},
      {OutputFormat::kPlume, "plume", "Plume's transactions over registers"},
      {OutputFormat::kDbcop, "dbcop", "DBCop's history.bincode, which PolySI, VeriStrong and AWDIT read too"},
  };
  return formats;
}

Result<OutputFormat> parse_output_format_name(std::string_view name) {
  std::vector<std::string_view> names;
  for (const OutputFormatInfo& info : list_output_formats()) {
    if (info.name == name) return info.format;
    names.push_back(info.name);
  }
  return invalid_argument(
      fmt::format("there is no format \"{}\" to write; give one of {}", name, fmt::join(names, ", ")));
}

Result<PrintedHistory> print_history(const History& history, OutputFormat format) {
  switch (format) {
    case OutputFormat::kJsonl:
      return PrintedHistory{.text = print_jsonl(history), .notes = {}};
    case OutputFormat::kEdn:
      return print_edn_history(history);
    case OutputFormat::kElleEdn:
      return print_elle_edn(history);
    case OutputFormat::kPorcupineKv:
      return print_porcupine_kv(history);
    case OutputFormat::kPlume:
    case OutputFormat::kDbcop:
      break;
  }
  const Result<RegisterHistory> registers = read_register_history(HistoryTable(history));
  if (!registers.ok()) return registers.error();
  return print_transactions(registers->table, format);
}

Result<PrintedHistory> print_transactions(const TransactionTable& table, OutputFormat format) {
  if (format != OutputFormat::kPlume && format != OutputFormat::kDbcop)
    return invalid_argument("these transactions have no times, so only plume and dbcop can have them");
  Result<PlainTransactions> plain = make_plain(table);
  if (!plain.ok()) return plain.error();
  Result<std::string> text =
      format == OutputFormat::kPlume ? print_plume(plain->table) : print_dbcop(plain->table);
  if (!text.ok()) return text.error();
  return PrintedHistory{.text = *std::move(text), .notes = std::move(plain->notes)};
}

}  // namespace ordeal
