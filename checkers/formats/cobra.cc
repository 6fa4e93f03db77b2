#include "checkers/formats/cobra.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "checkers/formats/byte_cursor.h"
#include "checkers/formats/initial_values.h"

namespace ordeal {
namespace {

constexpr std::array<std::int64_t, 2> kInitialWrites = {0xbebeebee, 0xdeadbeef};
constexpr std::array<std::int64_t, 3> kOwnWrites = {0xabcdefab, 0x23332333, 0x66666666};

template <std::size_t N>
bool contains(const std::array<std::int64_t, N>& numbers, std::int64_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

class CobraReader {
 public:
  Result<ParsedTransactions> read(std::span<const NamedBytes> files) && {
    for (const NamedBytes& file : files) {
      if (files.size() > 1 && !is_cobra_file(file.name)) {
        ++files_left_out_;
      } else if (Status read = read_file(file, files.size() > 1); !read.ok()) {
        return read.error();
      }
    }
    Result<TransactionTable> table = std::move(values_).finish();
    if (!table.ok()) return table.error();
    return ParsedTransactions{.table = std::move(table).value(), .notes = notes()};
  }

 private:
  Status read_file(const NamedBytes& file, bool named) {
    session_ = values_.builder().session(Value(file.name));
    open_.reset();
    ByteCursor cursor(file.bytes);
    while (!cursor.at_end()) {
      const std::optional<Error> error = read_record(cursor);
      if (error && named) return invalid_argument(fmt::format("{}: {}", file.name, error->message));
      if (error) return *error;
    }
    if (open_) {
      values_.builder().set_outcome(transaction_, TransactionOutcome::kUnknown);
      ++unfinished_;
    }
    return {};
  }

  std::optional<Error> read_record(ByteCursor& cursor) {
    const ByteCursor before = cursor;
    char kind = 0;
    (void)cursor.take(kind);
    switch (kind) {
      case 'S':
        if (open_) return before.expected("W, R or C within a transaction");
        return begin(cursor);
      case 'C':
        return commit(cursor, before);
      case 'W':
        if (!open_) return before.expected("S, the begin of a transaction");
        return write(cursor);
      case 'R':
        if (!open_) return before.expected("S, the begin of a transaction");
        return read_one(cursor);
      default:
        return before.expected("S, W, R or C");
    }
  }

  std::optional<Error> begin(ByteCursor& cursor) {
    std::int64_t name = 0;
    if (!cursor.take_big(name)) return cursor.expected("the transaction's number of eight bytes");
    open_ = name;
    transaction_ = values_.builder().begin(session_, TransactionOutcome::kCommitted, ++transactions_);
    return std::nullopt;
  }

  std::optional<Error> commit(ByteCursor& cursor, const ByteCursor& before) {
    if (!open_) return before.expected("S, the begin of a transaction");
    const ByteCursor at_name = cursor;
    std::int64_t name = 0;
    if (!cursor.take_big(name) || name != *open_)
      return at_name.expected(fmt::format("the number of the transaction that is open, {}", *open_));
    open_.reset();
    return std::nullopt;
  }

  std::optional<Error> write(ByteCursor& cursor) {
    std::int64_t number = 0;
    std::int64_t key = 0;
    std::int64_t hash = 0;
    if (!cursor.take_big(number) || !cursor.take_big(key) || !cursor.take_big(hash))
      return cursor.expected("three numbers of a write, eight bytes each");
    add(true, key, number);
    return std::nullopt;
  }

  std::optional<Error> read_one(ByteCursor& cursor) {
    std::int64_t writer = 0;
    std::int64_t number = 0;
    std::int64_t key = 0;
    std::int64_t hash = 0;
    if (!cursor.take_big(writer) || !cursor.take_big(number) || !cursor.take_big(key) ||
        !cursor.take_big(hash))
      return cursor.expected("four numbers of a read, eight bytes each");
    if (contains(kOwnWrites, number)) {
      ++reads_left_out_;
    } else {
      add(false, key, number);
    }
    return std::nullopt;
  }

  void add(bool write, std::int64_t key, std::int64_t number) {
    values_.add({.transaction = transaction_,
                 .write = write,
                 .aborted = false,
                 .key = values_.builder().key(key),
                 .value = number,
                 .initial = contains(kInitialWrites, number)});
  }

  [[nodiscard]] std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    const auto note = [&notes](std::uint64_t count, std::string_view text) {
      if (count > 0) notes.push_back(fmt::format("{} {}", count, text));
    };
    note(files_left_out_, "files are no .log: left out");
    note(reads_left_out_, "reads of what Cobra's deletes and garbage collection wrote: left out");
    note(unfinished_, "transactions have no commit at the end of their logs: nobody knows their outcome");
    return notes;
  }

  InitialValues values_;
  SessionIndex session_ = 0;
  std::optional<std::int64_t> open_;  ///< the number of the transaction that has begun
  std::uint32_t transaction_ = 0;
  std::uint64_t transactions_ = 0;
  std::uint64_t files_left_out_ = 0;
  std::uint64_t reads_left_out_ = 0;
  std::uint64_t unfinished_ = 0;
};

}  // namespace

Result<ParsedTransactions> parse_cobra(std::span<const NamedBytes> files) {
  return CobraReader().read(files);
}

bool is_cobra_file(std::string_view name) {
  return name.ends_with(".log");
}

}  // namespace ordeal
