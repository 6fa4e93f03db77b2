#include "checkers/formats/awdit.h"

#include "checkers/formats/line_cursor.h"

#include <set>

namespace ordeal {
namespace {

constexpr std::uint32_t kNoTransaction = UINT32_MAX;

struct AwditLine {
  bool write = false;
  std::int64_t key = 0;
  std::int64_t value = 0;
};

bool parse_awdit_line(LineCursor& cursor, AwditLine& line) {
  line.write = cursor.take("w");
  return (line.write || cursor.take("r")) && cursor.take(line.key) && cursor.take(line.value) &&
         cursor.at_end();
}

/// A line of nothing but `sign`.
bool is_rule(std::string_view line, char sign) {
  return line.size() > 1 && line.find_first_not_of(sign) == std::string_view::npos;
}

std::set<std::int64_t> keys_where_zero_is_written(std::string_view text) {
  std::set<std::int64_t> keys;
  LineCursor cursor(text);
  AwditLine line;
  while (cursor.next_line()) {
    if (parse_awdit_line(cursor, line) && line.write && line.value == 0) keys.insert(line.key);
  }
  return keys;
}

}  // namespace

Result<ParsedTransactions> parse_awdit(std::string_view text) {
  const std::set<std::int64_t> zero_written = keys_where_zero_is_written(text);
  TransactionTableBuilder builder;
  LineCursor cursor(text);
  AwditLine line;
  std::int64_t session = 0;
  std::uint32_t transaction = kNoTransaction;
  while (cursor.next_line()) {
    if (is_rule(cursor.rest(), '-')) {
      transaction = kNoTransaction;
      continue;
    }
    if (is_rule(cursor.rest(), '=')) {
      transaction = kNoTransaction;
      ++session;
      continue;
    }
    if (!parse_awdit_line(cursor, line))
      return cursor.expected("r KEY VALUE, w KEY VALUE, a line of dashes or of equal signs");
    if (transaction == kNoTransaction)
      transaction = builder.begin(builder.session(session), TransactionOutcome::kCommitted, cursor.line());
    const bool initial = line.value == 0 && !zero_written.contains(line.key);
    builder.add(transaction, {.write = line.write,
                              .key = builder.key(line.key),
                              .value = initial ? kInitialCode : builder.value(line.value)});
  }
  Result<TransactionTable> table = std::move(builder).finish();
  if (!table.ok()) return table.error();
  return ParsedTransactions{.table = std::move(table).value(), .notes = {}};
}

}  // namespace ordeal
