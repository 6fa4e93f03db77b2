#pragma once
// Transactions over registers as columns: sessions, the transactions of each in session order, and the reads
// and writes of each in program order. It is what the causal and the isolation checkers work on; millions of
// accesses take 12 bytes each. A single read or write is a transaction of one access.

#include "checkers/transactions/interner.h"
#include "common/result.h"
#include "common/value.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal {

using SessionIndex = std::uint32_t;
/// Transactions are numbered session by session, so those of a session are neighbours and a smaller number is
/// earlier.
using TransactionIndex = std::uint32_t;
using KeyIndex = std::uint32_t;
/// A value that a register holds. Equal values have equal codes.
using ValueCode = std::uint64_t;

/// What every key holds before the first write.
inline constexpr ValueCode kInitialCode = 0;
/// Stands for the writer of the initial values.
inline constexpr TransactionIndex kInitialWriter = UINT32_MAX;

enum class TransactionOutcome : std::uint8_t {
  kCommitted,
  kAborted,
  kUnknown,  ///< it may have taken effect; a session has nothing after it
};

struct Access {
  bool write = false;
  KeyIndex key = 0;
  ValueCode value = kInitialCode;
};

class TransactionTable {
 public:
  [[nodiscard]] std::uint32_t session_count() const { return narrow(session_begin_.size()) - 1; }
  [[nodiscard]] std::uint32_t transaction_count() const { return narrow(outcome_.size()); }
  [[nodiscard]] std::uint32_t access_count() const { return narrow(values_.size()); }
  [[nodiscard]] std::uint32_t key_count() const { return keys_.size(); }

  /// The first transaction of a session; for session_count(), the number of transactions.
  [[nodiscard]] TransactionIndex session_begin(SessionIndex session) const { return session_begin_[session]; }
  [[nodiscard]] SessionIndex session_of(TransactionIndex transaction) const {
    return session_of_[transaction];
  }
  /// How many transactions of its session come before it.
  [[nodiscard]] std::uint32_t position_of(TransactionIndex transaction) const {
    return transaction - session_begin_[session_of_[transaction]];
  }
  [[nodiscard]] TransactionOutcome outcome(TransactionIndex transaction) const {
    return outcome_[transaction];
  }
  /// Where the transaction stands in its source: a line from 1, or the position of its invocation.
  [[nodiscard]] std::uint64_t origin(TransactionIndex transaction) const { return origin_[transaction]; }

  /// Position of the first access; for transaction_count(), the number of accesses.
  [[nodiscard]] std::uint32_t access_begin(TransactionIndex transaction) const {
    return access_begin_[transaction];
  }
  [[nodiscard]] Access access(std::uint32_t position) const {
    return {.write = (marks_[position] & kWriteMark) != 0,
            .key = marks_[position] & ~kWriteMark,
            .value = values_[position]};
  }

  [[nodiscard]] Value key_name(KeyIndex key) const { return keys_.value(key); }
  [[nodiscard]] Value session_name(SessionIndex session) const { return sessions_.value(session); }
  /// Nil for the initial value.
  [[nodiscard]] Value value_name(ValueCode code) const;

 private:
  friend class TransactionTableBuilder;

  static constexpr std::uint32_t kWriteMark = 1U << 31;

  static std::uint32_t narrow(std::size_t size) { return static_cast<std::uint32_t>(size); }

  std::vector<TransactionIndex> session_begin_;  ///< one more than sessions
  std::vector<SessionIndex> session_of_;
  std::vector<TransactionOutcome> outcome_;
  std::vector<std::uint64_t> origin_;
  std::vector<std::uint32_t> access_begin_;  ///< one more than transactions
  std::vector<ValueCode> values_;
  std::vector<std::uint32_t> marks_;  ///< key, with kWriteMark for a write
  Interner sessions_;
  Interner keys_;
  Interner values_pool_;  ///< values that are no code by themselves
};

/// Collects transactions in the order in which a source tells of them.
class TransactionTableBuilder {
 public:
  [[nodiscard]] SessionIndex session(const Value& name) { return table_.sessions_.index_of(name); }
  [[nodiscard]] KeyIndex key(const Value& name) { return table_.keys_.index_of(name); }
  /// Nil is the initial value.
  [[nodiscard]] ValueCode value(const Value& value);
  // The same for integers, without making a Value.
  [[nodiscard]] SessionIndex session(std::int64_t name) { return table_.sessions_.index_of(name); }
  [[nodiscard]] KeyIndex key(std::int64_t name) { return table_.keys_.index_of(name); }
  [[nodiscard]] ValueCode value(std::int64_t value);

  /// Begins a transaction, after those that the session has. Gives the number by which `add` knows it,
  /// counted from 0 in the order of these calls.
  std::uint32_t begin(SessionIndex session, TransactionOutcome outcome, std::uint64_t origin);
  /// Appends an access to any transaction that was begun.
  void add(std::uint32_t transaction, const Access& access);
  void set_outcome(std::uint32_t transaction, TransactionOutcome outcome) {
    table_.outcome_[transaction] = outcome;
  }

  /// The error says which number is too large for the table: sessions, transactions, accesses or keys.
  [[nodiscard]] Result<TransactionTable> finish() &&;

 private:
  void sort_accesses();
  void sort_transactions();

  TransactionTable table_;                     ///< columns in the order of the calls
  std::vector<std::uint32_t> transaction_of_;  ///< by access
  bool in_order_ = true;                       ///< accesses came transaction by transaction
  bool too_many_ = false;
};

}  // namespace ordeal
