#pragma once
// Isolation of transactions over lists (Elle's list-append). What was read tells the order of the elements,
// so who depends on whom is known, and every level is a question about circles: linear in the size of the
// history.
//
// What the levels forbid is Adya's and, for snapshot isolation, that of Cerone and Gotsman (JACM 2018): a
// circle without two neighbouring anti-dependencies. Sound: a level is called violated only when it is. Two
// appends to a key that nobody read may have come in either order, so that a violation may be missed there.

#include "checkers/transactions/dependency_graph.h"
#include "checkers/transactions/list_history.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

/// Each contains the one before.
enum class IsolationLevel : std::uint8_t {
  kReadUncommitted,
  kReadCommitted,
  kSnapshotIsolation,
  kSerializable,
};
/// What else the order of transactions has to agree with.
enum class SessionOrder : std::uint8_t {
  kNone,
  kProcess,   ///< strong session snapshot isolation, strong session serializable, ...
  kRealtime,  ///< strict serializable, strong snapshot isolation, ...; it contains the order of processes
};

/// "read-committed", "strong-session-serializable", "strict-serializable".
[[nodiscard]] std::string to_text(IsolationLevel level, SessionOrder order);

/// Something that is wrong without a circle, or a circle.
struct TransactionAnomaly {
  std::string name;                         ///< "G1a", "incompatible-order", "G-single-realtime", ...
  std::string text;                         ///< what is wrong, in a sentence or a few
  std::vector<std::uint32_t> transactions;  ///< the guilty, by their numbers in the history
  std::vector<std::string> steps;           ///< of a circle: how each of them leads to the next
  IsolationLevel weakest = IsolationLevel::kReadUncommitted;  ///< that does not allow it
  SessionOrder order = SessionOrder::kNone;
};

struct ListAppendFinding {
  /// Few of each kind, those that refute weak levels first.
  std::vector<TransactionAnomaly> anomalies;

  [[nodiscard]] bool holds(IsolationLevel level, SessionOrder order) const;
};

/// Requires: `history` is read_list_history of a well-formed one. The error names two transactions that
/// append the same element to the same key.
[[nodiscard]] Result<ListAppendFinding> check_list_append(const ListHistory& history);

}  // namespace ordeal
