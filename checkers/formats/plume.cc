#include "checkers/formats/plume.h"

#include "checkers/formats/line_cursor.h"
#include "checkers/transactions/describe.h"

#include <fmt/format.h>

namespace ordeal {
namespace {

constexpr std::int64_t kAborted = -1;

struct PlumeLine {
  bool write = false;
  std::int64_t key = 0;
  std::int64_t value = 0;
  std::int64_t session = 0;
  std::int64_t transaction = 0;
};

bool parse_plume_line(LineCursor& cursor, PlumeLine& line) {
  line.write = cursor.take("w");
  return (line.write || cursor.take("r")) && cursor.take("(") && cursor.take(line.key) && cursor.take(",") &&
         cursor.take(line.value) && cursor.take(",") && cursor.take(line.session) && cursor.take(",") &&
         cursor.take(line.transaction) && cursor.take(")") && cursor.at_end();
}

class PlumeReader {
 public:
  Result<ParsedTransactions> read(std::string_view text) && {
    LineCursor cursor(text);
    PlumeLine line;
    while (cursor.next_line()) {
      if (!parse_plume_line(cursor, line))
        return cursor.expected("r(key,value,session,transaction) or w(...)");
      if (Status added = add(line, cursor.line()); !added.ok()) return added.error();
    }
    Result<TransactionTable> table = std::move(builder_).finish();
    if (!table.ok()) return table.error();
    ParsedTransactions parsed{.table = std::move(table).value(), .notes = {}};
    if (initial_writes_ > 0) {
      parsed.notes.push_back(fmt::format(
          "{} writes of 0 were left out: 0 is what every key holds at the beginning", initial_writes_));
    }
    return parsed;
  }

 private:
  Status add(const PlumeLine& line, std::uint64_t number) {
    const SessionIndex session = builder_.session(line.session);
    std::uint32_t transaction = 0;
    if (line.transaction == kAborted) {
      transaction = builder_.begin(session, TransactionOutcome::kAborted, number);
    } else if (Status found = find(line, session, number, transaction); !found.ok()) {
      return found;
    }
    if (line.write && line.value == 0) {
      ++initial_writes_;
      return {};
    }
    builder_.add(transaction, {.write = line.write,
                               .key = builder_.key(line.key),
                               .value = line.value == 0 ? kInitialCode : builder_.value(line.value)});
    return {};
  }

  /// The transaction of a line; it begins with its first.
  Status find(const PlumeLine& line, SessionIndex session, std::uint64_t number, std::uint32_t& transaction) {
    const std::uint32_t name = names_.index_of(line.transaction);
    if (name == transactions_.size()) {
      transactions_.push_back(
          {.session = session,
           .transaction = builder_.begin(session, TransactionOutcome::kCommitted, number)});
    } else if (transactions_[name].session != session) {
      return invalid_argument(
          fmt::format("line {}: transaction {} was in another session before; expected numbers "
                      "that are unique in the whole file",
                      number, line.transaction));
    }
    transaction = transactions_[name].transaction;
    return {};
  }

  struct Known {
    SessionIndex session = 0;
    std::uint32_t transaction = 0;
  };

  TransactionTableBuilder builder_;
  Interner names_;                   ///< of transactions
  std::vector<Known> transactions_;  ///< by number of the name
  std::uint64_t initial_writes_ = 0;
};

Result<std::int64_t> integer(const Value& name, std::string_view what) {
  if (const std::int64_t* number = name.as_int()) return *number;
  return invalid_argument(
      fmt::format("{} {} is no integer, and Plume's format has integers only", what, to_text(name)));
}

/// One transaction's lines, under this number if it was committed.
Status append_lines(std::string& out, const TransactionTable& table, TransactionIndex t,
                    std::int64_t committed) {
  const auto session = integer(table.session_name(table.session_of(t)), "session");
  if (!session.ok()) return session.error();
  const std::int64_t number = table.outcome(t) == TransactionOutcome::kCommitted ? committed : kAborted;
  for (std::uint32_t i = table.access_begin(t); i < table.access_begin(t + 1); ++i) {
    const Access access = table.access(i);
    if (number == kAborted && !access.write) continue;  // What an aborted one read says nothing.
    const auto key = integer(table.key_name(access.key), "key");
    const auto value = access.value == kInitialCode ? Result<std::int64_t>(0)
                                                    : integer(table.value_name(access.value), "value");
    if (!key.ok() || !value.ok()) return key.ok() ? value.error() : key.error();
    if (*value == 0 && access.value != kInitialCode) {
      return invalid_argument(
          fmt::format("{} has the value 0, which Plume's format keeps for the initial value",
                      describe_transaction(table, t)));
    }
    out += fmt::format("{}({},{},{},{})\n", access.write ? 'w' : 'r', *key, *value, *session, number);
  }
  return {};
}

}  // namespace

Result<ParsedTransactions> parse_plume(std::string_view text) {
  return PlumeReader().read(text);
}

Result<std::string> print_plume(const TransactionTable& table) {
  std::string out;
  std::int64_t committed = 0;
  for (TransactionIndex t = 0; t < table.transaction_count(); ++t) {
    if (table.outcome(t) == TransactionOutcome::kUnknown) {
      return invalid_argument(
          fmt::format("nobody knows whether {} took effect, and Plume's format cannot say that",
                      describe_transaction(table, t)));
    }
    const std::size_t before = out.size();
    if (Status lines = append_lines(out, table, t, committed); !lines.ok()) return lines.error();
    // One that has nothing to print takes no number.
    committed += out.size() > before && table.outcome(t) == TransactionOutcome::kCommitted ? 1 : 0;
  }
  return out;
}

}  // namespace ordeal
