#pragma once
// Isolation of transactions over registers: snapshot isolation and serializability, plain, by session and in
// real time, as far as the order in which values came is known. It is known from versions that the server
// says, and where a transaction read a key before it wrote it. Whoever writes blindly tells less.
//
// Sound: a level is called violated only when it is; an order that comes from a read before a write could be
// wrong only if read committed were violated too. Complete when the order of all values of each key is known:
// only then is a level said to hold.

#include "checkers/transactions/isolation.h"
#include "checkers/transactions/register_history.h"

#include <optional>
#include <span>
#include <string>

namespace ordeal {

struct RegisterIsolationFinding : IsolationFinding {
  /// Two values of a key of which nobody knows which came first, in a sentence; nothing when there are none.
  std::optional<std::string> unordered;
};

/// `completes`: by transaction, the position where it was over, UINT32_MAX when nobody knows; origin() is
/// then where it was invoked. Empty: there are no times, and nothing is said of real time. The error names
/// two transactions that write the same value to the same key.
[[nodiscard]] Result<RegisterIsolationFinding> check_register_isolation(
    const TransactionTable& table, std::span<const VersionClaim> versions,
    std::span<const std::uint32_t> completes);

}  // namespace ordeal
