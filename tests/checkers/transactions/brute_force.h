#pragma once
// Every consistency level by its definition: all orders are tried, and transactions are executed in them. For
// histories of a few transactions.

#include "checkers/transactions/transaction_table.h"

namespace ordeal::testing {

enum class Level {
  kReadYourWrites,
  kMonotonicReads,
  kMonotonicWrites,
  kWritesFollowReads,
  kPram,
  kCausal,             ///< CC
  kCausalConvergence,  ///< CCv
  kCausalMemory,       ///< CM
  kSequential,
  kReadCommitted,
  kReadAtomic,
  kSnapshotIsolation,
  kSessionSnapshotIsolation,  ///< the same, and each session goes forward
  kSerializable,              ///< kSequential is the same with sessions
};

/// Unknown transactions may have taken effect or not. Requires: no two transactions write the same value to
/// the same key.
[[nodiscard]] bool holds(const TransactionTable& table, Level level);

}  // namespace ordeal::testing
