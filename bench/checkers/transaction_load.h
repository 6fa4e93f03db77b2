#pragma once
// Transactions over registers that are causally convergent: there is one order of all transactions, each
// session has seen a beginning of it, at most a few hundred transactions behind, and its own; a read returns
// the latest write that the session has seen. A bad history has one read, after seven tenths of the
// transactions, of a value that the session has seen overwritten long before: it is read committed, but no
// longer causal, and may no longer be read atomic.

#include "common/result.h"

#include <cstdint>
#include <string>

namespace ordeal::bench {

struct TransactionShape {
  std::uint64_t operations = 0;  ///< 20 a transaction
  std::uint32_t sessions = 0;
  bool bad = false;
};

/// Writes the history in Plume's text format. The same shape gives the same bytes. The error says what the
/// disk said, or that the history is too short to be bad.
[[nodiscard]] Status write_transactions(const TransactionShape& shape, const std::string& path);

}  // namespace ordeal::bench
