#pragma once
// Transactions over lists, as Elle's list-append workload records them: an operation's value is a list of
// micro-operations, [append KEY ELEMENT] or [r KEY LIST]; reads of an operation that did not succeed are nil.
// Reads of lists tell in which order their elements came, and that makes strong levels cheap to decide.

#include "checkers/history_table.h"
#include "checkers/transactions/interner.h"
#include "checkers/transactions/transaction_table.h"
#include "common/result.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ordeal {

/// A number of an element; equal elements have equal numbers.
using ElementIndex = std::uint32_t;

struct ListAccess {
  bool append = false;
  bool known = true;  ///< of a read: its result
  KeyIndex key = 0;
  ElementIndex element = 0;  ///< of an append
  std::uint64_t begin = 0;   ///< of a read: its elements in ListHistory::elements
  std::uint32_t length = 0;
};

struct ListTransaction {
  ProcessId process;
  TransactionOutcome outcome = TransactionOutcome::kCommitted;
  std::uint32_t invoke = 0;  ///< position in the history
  std::uint32_t complete = OperationRow::kOpen;
  std::uint32_t begin = 0;  ///< first access
  std::uint32_t end = 0;
};

struct ListHistory {
  std::vector<ListTransaction> transactions;  ///< in order of invocation
  std::vector<ListAccess> accesses;
  std::vector<ElementIndex> elements;  ///< of all reads, one after the other
  Interner keys;
  Interner element_names;

  [[nodiscard]] std::span<const ListAccess> accesses_of(std::uint32_t transaction) const {
    const ListTransaction& t = transactions[transaction];
    return std::span(accesses).subspan(t.begin, t.end - t.begin);
  }
  [[nodiscard]] std::span<const ElementIndex> elements_of(const ListAccess& read) const {
    return std::span(elements).subspan(read.begin, read.length);
  }
};

/// The error names the operation that is none of the workload. Requires: history.check_well_formed().
[[nodiscard]] Result<ListHistory> read_list_history(const HistoryTable& history);

}  // namespace ordeal
