// Readers of histories on any bytes: they end, crash nowhere, and what they take they mean.
// ORDEAL_FUZZ_READER says which of them this program is.

#include "checkers/formats/awdit.h"
#include "checkers/formats/cobra.h"
#include "checkers/formats/dbcop.h"
#include "checkers/formats/dbcop_text.h"
#include "checkers/formats/edn.h"
#include "checkers/formats/etcd.h"
#include "checkers/formats/jepsen_json.h"
#include "checkers/formats/jepsen_log.h"
#include "checkers/formats/jepsen_print.h"
#include "checkers/formats/json_text.h"
#include "checkers/formats/jsonl.h"
#include "checkers/formats/jsonl_table.h"
#include "checkers/formats/plume.h"
#include "checkers/transactions/reads_from.h"
#include "common/check.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ordeal::fuzz {

/// A table keeps no indices.
[[maybe_unused]] History with_dense_indices(History history) {
  for (std::size_t i = 0; i < history.size(); ++i) history[i].index = static_cast<std::int64_t>(i);
  return history;
}

/// What a reader takes is a history that all else may rely on.
[[maybe_unused]] void use(const Result<ParsedHistory>& parsed) {
  if (!parsed.ok()) return ORDEAL_CHECK(!parsed.error().message.empty());
  const HistoryTable table(parsed->history);
  const History dense = with_dense_indices(parsed->history);
  ORDEAL_CHECK(table.to_history() == dense);
  ORDEAL_CHECK(table.check_well_formed().ok() == check_well_formed(dense).ok());
}

[[maybe_unused]] void use(const Result<ParsedTransactions>& parsed) {
  if (!parsed.ok()) return ORDEAL_CHECK(!parsed.error().message.empty());
  (void)resolve_reads(parsed->table);
}

/// What our own printer writes is read back as it was.
[[maybe_unused]] void print_and_read_back(const Result<ParsedHistory>& parsed) {
  if (!parsed.ok()) return;
  const Result<PrintedHistory> printed = print_edn_history(parsed->history);
  if (!printed.ok()) return ORDEAL_CHECK(!printed.error().message.empty());
  const Result<ParsedHistory> again = parse_edn_history(printed->text);
  ORDEAL_CHECK(again.ok());
  ORDEAL_CHECK(again->history == parsed->history);
}

[[maybe_unused]] void fuzz_edn(std::string_view text) {
  const Result<ParsedHistory> parsed = parse_edn_history(text);
  use(parsed);
  print_and_read_back(parsed);
}
[[maybe_unused]] void fuzz_edn_independent(std::string_view text) {
  use(parse_edn_history(text, EdnValues::kIndependent));
}
[[maybe_unused]] void fuzz_jepsen_json(std::string_view text) {
  const Result<ParsedHistory> parsed = parse_jepsen_json(text);
  use(parsed);
  print_and_read_back(parsed);
}
[[maybe_unused]] void fuzz_jepsen_log(std::string_view text) {
  use(parse_jepsen_log(text));
}
[[maybe_unused]] void fuzz_awdit(std::string_view text) {
  use(parse_awdit(text));
}

[[maybe_unused]] void fuzz_cobra(std::string_view bytes) {
  const NamedBytes file{.name = "T0.log", .bytes = bytes};
  use(parse_cobra({&file, 1}));
}
[[maybe_unused]] void fuzz_etcd(std::string_view text) {
  const NamedBytes file{.name = "client-1/operations.json", .bytes = text};
  use(parse_etcd({&file, 1}));
}
[[maybe_unused]] void fuzz_dbcop_json(std::string_view text) {
  use(parse_dbcop_json(text));
}
[[maybe_unused]] void fuzz_dbcop_text(std::string_view text) {
  use(parse_dbcop_text(text));
}

/// What is read and can be printed is read again as the same.
template <class Parse, class Print>
void use_and_print(std::string_view bytes, const Parse& parse, const Print& print) {
  const Result<ParsedTransactions> parsed = parse(bytes);
  use(parsed);
  if (!parsed.ok()) return;
  const Result<std::string> printed = print(parsed->table);
  if (!printed.ok()) return;
  const Result<ParsedTransactions> again = parse(*printed);
  ORDEAL_CHECK(again.ok());
  ORDEAL_CHECK(*print(again->table) == *printed);
}

[[maybe_unused]] void fuzz_dbcop(std::string_view bytes) {
  use_and_print(bytes, parse_dbcop, print_dbcop);
}

[[maybe_unused]] void fuzz_json(std::string_view text) {
  const Result<Value> value = parse_json(text);
  if (!value.ok()) return;
  const Result<Value> again = parse_json(print_json(*value));
  ORDEAL_CHECK(again.ok());
  ORDEAL_CHECK(*again == *value);
}

// The reader of lines and the one of columns say the same, but for the index, which the latter alone looks
// at.
[[maybe_unused]] void fuzz_jsonl(std::string_view text) {
  const Result<ParsedHistory> slow = parse_jsonl(text);
  use(slow);
  const Result<ParsedTable> fast = parse_jsonl_table(text);
  if (!fast.ok() && fast.error().message.find("its index is") != std::string::npos) return;
  ORDEAL_CHECK(slow.ok() == fast.ok());
  if (!slow.ok()) return ORDEAL_CHECK(slow.error().message == fast.error().message);
  ORDEAL_CHECK(with_dense_indices(slow->history) == fast->table.to_history());
}

[[maybe_unused]] void fuzz_plume(std::string_view text) {
  use_and_print(text, parse_plume, print_plume);
}

}  // namespace ordeal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ordeal::fuzz::ORDEAL_FUZZ_READER(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
