#include "checkers/formats/dbcop.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "checkers/formats/byte_cursor.h"
#include "checkers/formats/initial_values.h"
#include "checkers/transactions/describe.h"

namespace ordeal {
namespace {

constexpr std::size_t kParameters = 5;
constexpr std::size_t kSessionSizeMin = 8;
constexpr std::size_t kTransactionSizeMin = 9;
constexpr std::size_t kEventSize = 18;

constexpr std::string_view kInfo = "ordeal";
constexpr std::string_view kNoTime = "1970-01-01T00:00:00+00:00";

struct DbcopEvent {
  bool write = false;
  std::int64_t variable = 0;
  std::int64_t value = 0;
  bool success = false;
};

/// Takes the parameters and the three texts.
bool take_head(ByteCursor& cursor, std::string_view& start) {
  std::uint64_t ignored = 0;
  for (std::size_t i = 0; i < kParameters; ++i) {
    if (!cursor.take_little(ignored)) return false;
  }
  std::string_view text;
  return cursor.take_text(text) && cursor.take_text(start) && cursor.take_text(text);
}

class DbcopReader {
 public:
  explicit DbcopReader(std::string_view bytes) : cursor_(bytes) {}

  Result<ParsedTransactions> read() && {
    std::string_view start;
    if (!take_head(cursor_, start)) return cursor_.expected("five numbers and the texts info, start and end");
    std::uint64_t sessions = 0;
    if (!cursor_.take_count(sessions, kSessionSizeMin)) return no_room("sessions");
    for (std::uint64_t i = 0; i < sessions; ++i) {
      if (Status read = read_session(static_cast<std::int64_t>(i)); !read.ok()) return read.error();
    }
    if (!cursor_.at_end()) return cursor_.expected("the end of the file after the last session");
    Result<TransactionTable> table = std::move(values_).finish();
    if (!table.ok()) return table.error();
    return ParsedTransactions{.table = std::move(table).value(), .notes = notes()};
  }

 private:
  [[nodiscard]] Error no_room(std::string_view what) const {
    return cursor_.expected(fmt::format("a number of {} for which the rest of the file has room", what));
  }

  Status read_session(std::int64_t name) {
    const SessionIndex session = values_.builder().session(name);
    std::uint64_t transactions = 0;
    if (!cursor_.take_count(transactions, kTransactionSizeMin)) return no_room("transactions");
    for (std::uint64_t i = 0; i < transactions; ++i) {
      if (Status read = read_transaction(session); !read.ok()) return read;
    }
    return {};
  }

  Status read_transaction(SessionIndex session) {
    std::uint64_t count = 0;
    if (!cursor_.take_count(count, kEventSize)) return no_room("events");
    events_.clear();
    for (std::uint64_t i = 0; i < count; ++i) {
      DbcopEvent event;
      if (!cursor_.take(event.write)) return cursor_.expected("0 for a read or 1 for a write");
      if (!cursor_.take_little(event.variable)) return cursor_.expected("a variable below 2^63");
      if (!cursor_.take_little(event.value)) return cursor_.expected("a value below 2^63");
      if (!cursor_.take(event.success)) return cursor_.expected("0 or 1, whether the event succeeded");
      events_.push_back(event);
    }
    bool success = false;
    if (!cursor_.take(success)) return cursor_.expected("0 or 1, whether the transaction succeeded");
    add(session, success);
    return {};
  }

  void add(SessionIndex session, bool success) {
    ++transactions_;
    begin(session, !success, [success](const DbcopEvent& e) { return success ? e.success : e.write; });
    if (!success) return;
    const auto failed_write = [](const DbcopEvent& e) { return e.write && !e.success; };
    const auto failed_read = [](const DbcopEvent& e) { return !e.write && !e.success; };
    const auto writes = std::count_if(events_.begin(), events_.end(), failed_write);
    failed_writes_ += static_cast<std::uint64_t>(writes);
    failed_reads_ += static_cast<std::uint64_t>(std::count_if(events_.begin(), events_.end(), failed_read));
    if (writes > 0) begin(session, true, failed_write);
  }

  template <class Wanted>
  void begin(SessionIndex session, bool aborted, const Wanted& wanted) {
    TransactionTableBuilder& builder = values_.builder();
    const std::uint32_t transaction = builder.begin(
        session, aborted ? TransactionOutcome::kAborted : TransactionOutcome::kCommitted, transactions_);
    for (const DbcopEvent& event : events_) {
      if (!wanted(event)) continue;
      values_.add({.transaction = transaction,
                   .write = event.write,
                   .aborted = aborted,
                   .key = builder.key(event.variable),
                   .value = event.value,
                   .initial = event.value == 0});
    }
  }

  [[nodiscard]] std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    if (failed_writes_ > 0)
      notes.push_back(
          fmt::format("{} writes of transactions that succeeded did not: read as aborted", failed_writes_));
    if (failed_reads_ > 0)
      notes.push_back(
          fmt::format("{} reads of transactions that succeeded did not: left out", failed_reads_));
    return notes;
  }

  ByteCursor cursor_;
  InitialValues values_;
  std::vector<DbcopEvent> events_;  ///< of the transaction at hand
  std::uint64_t transactions_ = 0;
  std::uint64_t failed_writes_ = 0;
  std::uint64_t failed_reads_ = 0;
};

class DbcopPrinter {
 public:
  explicit DbcopPrinter(const TransactionTable& table) : table_(table) {}

  Result<std::string> print() && {
    head();
    number(table_.session_count());
    for (SessionIndex s = 0; s < table_.session_count(); ++s) {
      number(table_.session_begin(s + 1) - table_.session_begin(s));
      for (TransactionIndex t = table_.session_begin(s); t < table_.session_begin(s + 1); ++t) {
        if (Status printed = transaction(t); !printed.ok()) return printed.error();
      }
    }
    if (Status zeros = check_zeros(); !zeros.ok()) return zeros.error();
    return std::move(out_);
  }

 private:
  void number(std::uint64_t n) {
    for (int shift = 0; shift < 64; shift += 8) out_ += static_cast<char>(n >> shift & 0xff);
  }
  void flag(bool yes) { out_ += yes ? '\1' : '\0'; }
  void text(std::string_view text) {
    number(text.size());
    out_ += text;
  }

  void head() {
    std::uint32_t transactions = 0;
    std::uint32_t events = 0;
    for (SessionIndex s = 0; s < table_.session_count(); ++s)
      transactions = std::max(transactions, table_.session_begin(s + 1) - table_.session_begin(s));
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t)
      events = std::max(events, table_.access_begin(t + 1) - table_.access_begin(t));
    for (const std::uint32_t parameter :
         {0U, table_.session_count(), table_.key_count(), transactions, events})
      number(parameter);
    text(kInfo);
    text(kNoTime);
    text(kNoTime);
  }

  [[nodiscard]] Result<std::uint64_t> natural(const Value& name, std::string_view what,
                                              TransactionIndex t) const {
    const std::int64_t* n = name.as_int();
    if (n != nullptr && *n >= 0) return static_cast<std::uint64_t>(*n);
    return invalid_argument(
        fmt::format("{}: the {} {} is no integer from 0, and DBCop's format has those only",
                    describe_transaction(table_, t), what, to_text(name)));
  }

  /// 0 is the initial value or a written one, but not both.
  [[nodiscard]] Status check_zeros() const {
    const auto ambiguous = [this](KeyIndex key, std::string_view what) {
      return invalid_argument(
          fmt::format("of key {} {}, and DBCop's format has 0 for the initial value unless 0 is written",
                      to_text(table_.key_name(key)), what));
    };
    for (const KeyIndex key : initial_read_) {
      if (zero_written_.contains(key)) return ambiguous(key, "0 is written and the initial value is read");
    }
    for (const KeyIndex key : zero_read_) {
      if (!zero_written_.contains(key)) return ambiguous(key, "a 0 is read that no transaction committed");
    }
    return {};
  }

  Status transaction(TransactionIndex t) {
    if (table_.outcome(t) == TransactionOutcome::kUnknown) {
      return invalid_argument(
          fmt::format("nobody knows whether {} took effect, and DBCop's format cannot say that",
                      describe_transaction(table_, t)));
    }
    const bool success = table_.outcome(t) == TransactionOutcome::kCommitted;
    std::vector<Access> accesses;
    for (std::uint32_t i = table_.access_begin(t); i < table_.access_begin(t + 1); ++i) {
      // What an aborted one read says nothing.
      if (success || table_.access(i).write) accesses.push_back(table_.access(i));
    }
    number(accesses.size());
    for (const Access& access : accesses) {
      if (Status printed = event(access, t, success); !printed.ok()) return printed;
    }
    flag(success);
    return {};
  }

  Status event(const Access& access, TransactionIndex t, bool success) {
    const Result<std::uint64_t> key = natural(table_.key_name(access.key), "key", t);
    if (!key.ok()) return key.error();
    const bool initial = access.value == kInitialCode;
    const Result<std::uint64_t> value = initial && !access.write
                                            ? Result<std::uint64_t>(0)
                                            : natural(table_.value_name(access.value), "value", t);
    if (!value.ok()) return value.error();
    if (initial) initial_read_.insert(access.key);
    if (access.write && success && *value == 0) zero_written_.insert(access.key);
    if (!access.write && !initial && *value == 0) zero_read_.insert(access.key);
    flag(access.write);
    number(*key);
    number(*value);
    flag(success);
    return {};
  }

  const TransactionTable& table_;
  std::string out_;
  std::set<KeyIndex> initial_read_;
  std::set<KeyIndex> zero_read_;     ///< not the initial value
  std::set<KeyIndex> zero_written_;  ///< by transactions that committed
};

}  // namespace

bool looks_like_dbcop(std::string_view bytes) {
  ByteCursor cursor(bytes);
  std::string_view start;
  // The time is written as 2026-01-31T10:00:00.
  return take_head(cursor, start) && start.size() > 10 && start[4] == '-' && start[7] == '-' &&
         start[10] == 'T';
}

Result<ParsedTransactions> parse_dbcop(std::string_view bytes) {
  return DbcopReader(bytes).read();
}

Result<std::string> print_dbcop(const TransactionTable& table) {
  return DbcopPrinter(table).print();
}

}  // namespace ordeal
