#include "checkers/formats/dbcop_text.h"

#include <fmt/format.h>

#include <optional>

#include "checkers/formats/initial_values.h"
#include "checkers/formats/json_text.h"
#include "checkers/formats/line_cursor.h"

namespace ordeal {
namespace {

constexpr std::size_t kFoundShownMax = 200;
constexpr std::string_view kEventExpected =
    R"({"Read": {"variable": V, "version": N}}, the same with Write, ["r", V, N] or ["w", V, N])";

Result<ParsedTransactions> parsed_of(InitialValues values) {
  Result<TransactionTable> table = std::move(values).finish();
  if (!table.ok()) return table.error();
  return ParsedTransactions{.table = std::move(table).value(), .notes = {}};
}

/// Adds accesses to the transaction that was begun last.
class VersionedTransactions {
 public:
  void begin(std::int64_t session, bool committed, std::uint64_t origin) {
    aborted_ = !committed;
    TransactionTableBuilder& builder = values_.builder();
    transaction_ =
        builder.begin(builder.session(session),
                      committed ? TransactionOutcome::kCommitted : TransactionOutcome::kAborted, origin);
  }
  void add_session(std::int64_t session) { (void)values_.builder().session(session); }

  /// No version: that of what nobody wrote.
  void read(const Value& variable, std::optional<std::int64_t> version) {
    const KeyIndex key = values_.builder().key(variable);
    if (aborted_) return;  // What an aborted one read says nothing.
    if (version) {
      values_.add(row(false, key, *version));
    } else {
      values_.add_initial_read(transaction_, key);
    }
  }
  void write(const Value& variable, std::int64_t version) {
    values_.add(row(true, values_.builder().key(variable), version));
  }

  InitialValues take() && { return std::move(values_); }

 private:
  [[nodiscard]] InitialValues::Row row(bool write, KeyIndex key, std::int64_t version) const {
    return {.transaction = transaction_,
            .write = write,
            .aborted = aborted_,
            .key = key,
            .value = version,
            .initial = version == 0};
  }

  InitialValues values_;
  std::uint32_t transaction_ = 0;
  bool aborted_ = false;
};

class DbcopJsonReader {
 public:
  Result<ParsedTransactions> read(std::string_view text) && {
    const Result<Value> root = parse_json(text);
    if (!root.ok()) return root.error();
    const Value* data = root->as_map() != nullptr ? root->find("data") : &*root;
    const Value::List* sessions = data != nullptr ? data->as_list() : nullptr;
    if (sessions == nullptr)
      return invalid_argument("expected an array of sessions, or an object with one as \"data\"");
    for (const Value& session : *sessions) {
      at_.transaction = 0;
      at_.event = 0;
      ++at_.session;
      if (!read_session(session)) return *problem_;
    }
    return parsed_of(std::move(transactions_).take());
  }

 private:
  bool read_session(const Value& value) {
    transactions_.add_session(at_.session - 1);
    const Value::List* session = value.as_list();
    if (session == nullptr) return expected("an array of transactions", value);
    for (const Value& transaction : *session) {
      at_.event = 0;
      ++at_.transaction;
      if (!read_transaction(transaction)) return false;
    }
    return true;
  }

  bool read_transaction(const Value& value) {
    const Value* events = value.find("events");
    const Value* committed = value.find("committed");
    if (events == nullptr || events->as_list() == nullptr || committed == nullptr ||
        committed->as_bool() == nullptr)
      return expected("an object with an array \"events\" and \"committed\", true or false", value);
    transactions_.begin(at_.session - 1, *committed->as_bool(), ++count_);
    for (const Value& event : *events->as_list()) {
      ++at_.event;
      if (!read_event(event)) return false;
    }
    return true;
  }

  bool read_event(const Value& value) {
    const Value::Map* map = value.as_map();
    const Value::List* list = value.as_list();
    if (map != nullptr && map->size() == 1) {
      const auto& [word, fields] = *map->begin();
      const Value* variable = fields.find("variable");
      const Value* version = fields.find("version");
      const bool write = word == "Write";
      if ((write || word == "Read") && variable != nullptr && (version != nullptr || !write))
        return add(write, *variable, version != nullptr ? *version : Value(), value);
    } else if (list != nullptr && list->size() == 3) {
      const bool write = list->front() == Value("w");
      if (write || list->front() == Value("r")) return add(write, (*list)[1], list->back(), value);
    }
    return expected(kEventExpected, value);
  }

  bool add(bool write, const Value& variable, const Value& version, const Value& whole) {
    const std::int64_t* number = version.as_int();
    if (number != nullptr ? *number < 0 : write || !version.is_nil())
      return expected("a version that is an integer from 0, or null for a read", whole);
    if (variable.as_int() == nullptr && variable.as_string() == nullptr)
      return expected("a variable that is an integer or a string", whole);
    if (write) {
      transactions_.write(variable, *number);
    } else {
      transactions_.read(variable, number != nullptr ? std::optional(*number) : std::nullopt);
    }
    return true;
  }

  bool expected(std::string_view what, const Value& found) {
    std::string place = fmt::format("session {}", at_.session);
    if (at_.transaction > 0) place += fmt::format(", transaction {}", at_.transaction);
    if (at_.event > 0) place += fmt::format(", event {}", at_.event);
    std::string quoted = print_json(found);
    if (quoted.size() > kFoundShownMax) quoted = "a long value";
    problem_ = invalid_argument(fmt::format("{}: expected {}, found {}", place, what, quoted));
    return false;
  }

  /// Each from 1; 0 outside of it.
  struct Place {
    std::int64_t session = 0;
    std::uint64_t transaction = 0;
    std::uint64_t event = 0;
  };

  VersionedTransactions transactions_;
  Place at_;
  std::uint64_t count_ = 0;  ///< of transactions
  std::optional<Error> problem_;
};

class DbcopTextReader {
 public:
  Result<ParsedTransactions> read(std::string_view text) && {
    LineCursor cursor(text);
    while (cursor.next_line()) {
      if (cursor.rest().starts_with("//")) continue;
      if (cursor.rest().find_first_not_of('-') == std::string_view::npos) {
        ++session_;
      } else if (!read_line(cursor)) {
        return cursor.expected("a comment, dashes, or transactions such as [x:=1 y==2 z==?] or [x:=1]!");
      }
    }
    return parsed_of(std::move(transactions_).take());
  }

 private:
  bool read_line(LineCursor& cursor) {
    while (!cursor.at_end() && !cursor.rest().starts_with("//")) {
      if (!cursor.take("[") || !read_events(cursor)) return false;
      const bool committed = !cursor.take("!");
      transactions_.begin(session_, committed, cursor.line());
      for (const Event& event : events_) {
        if (event.write) {
          transactions_.write(Value(event.variable), *event.version);
        } else {
          transactions_.read(Value(event.variable), event.version);
        }
      }
    }
    return true;
  }

  /// Up to the closing bracket, which is taken.
  bool read_events(LineCursor& cursor) {
    events_.clear();
    while (!cursor.take("]")) {
      Event event;
      if (!cursor.take_word(event.variable)) return false;
      event.write = cursor.take(":=");
      if (!event.write && !cursor.take("==")) return false;
      std::int64_t version = 0;
      if (cursor.take(version)) {
        if (version < 0) return false;
        event.version = version;
      } else if (event.write || !cursor.take("?")) {
        return false;
      }
      events_.push_back(event);
    }
    return true;
  }

  struct Event {
    bool write = false;
    std::string_view variable;
    std::optional<std::int64_t> version;  ///< nothing: of what nobody wrote
  };

  VersionedTransactions transactions_;
  std::vector<Event> events_;  ///< of the transaction at hand
  std::int64_t session_ = 0;
};

}  // namespace

Result<ParsedTransactions> parse_dbcop_json(std::string_view text) {
  return DbcopJsonReader().read(text);
}

Result<ParsedTransactions> parse_dbcop_text(std::string_view text) {
  return DbcopTextReader().read(text);
}

}  // namespace ordeal
