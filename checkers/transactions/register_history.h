#pragma once
// From a history of register operations to the table of transactions. An operation is a read, write or cas of
// a key, one access or two, or its value is a list of micro-operations, [r KEY VALUE] and [w KEY VALUE]. A
// process is a session. What failed is an aborted transaction, unless it is a read or a cas that says what it
// saw; what nobody knows keeps its writes.

#include "checkers/history_table.h"
#include "checkers/transactions/transaction_table.h"
#include "common/result.h"

#include <cstdint>
#include <vector>

namespace ordeal {

/// The server says that a value of a key is this version of it; a later one has a larger number.
struct VersionClaim {
  KeyIndex key = 0;
  ValueCode value = kInitialCode;
  std::uint64_t version = 0;
};

struct RegisterHistory {
  TransactionTable table;  ///< origin() is the position of the invocation
  std::vector<VersionClaim> versions;
};

/// The error names the operation that is none of these. Requires: history.check_well_formed().
[[nodiscard]] Result<RegisterHistory> read_register_history(const HistoryTable& history);

}  // namespace ordeal
