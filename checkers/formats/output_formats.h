#pragma once
// Every format a history can be written in, by name.

#include "checkers/formats/printed_history.h"
#include "checkers/transactions/transaction_table.h"
#include "common/history.h"
#include "common/result.h"

#include <string_view>
#include <vector>

namespace ordeal {

enum class OutputFormat : std::uint8_t { kJsonl, kEdn, kElleEdn, kPorcupineKv, kPlume, kDbcop };

struct OutputFormatInfo {
  OutputFormat format;
  std::string_view name;  ///< as --to takes it
  std::string_view text;  ///< what it is, for `ordeal list`
};

[[nodiscard]] const std::vector<OutputFormatInfo>& list_output_formats();
/// The error lists the names.
[[nodiscard]] Result<OutputFormat> parse_output_format_name(std::string_view name);

/// The error names the operation and what the format cannot say. Requires: check_well_formed(history).
[[nodiscard]] Result<PrintedHistory> print_history(const History& history, OutputFormat format);

/// The same for transactions that were never a history: formats with times cannot have them.
[[nodiscard]] Result<PrintedHistory> print_transactions(const TransactionTable& table, OutputFormat format);

}  // namespace ordeal
