#pragma once
// Levels of isolation and what refutes them: circles of Adya's graph, and what is wrong without one. For
// lists (list_append.h) and for registers (register_isolation.h).
//
// What the levels forbid is Adya's and, for snapshot isolation, that of Cerone and Gotsman (JACM 2018): a
// circle without two neighbouring anti-dependencies.

#include "checkers/transactions/dependency_graph.h"

#include <cstdint>
#include <functional>
#include <span>
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

struct IsolationFinding {
  /// Few of each kind, those that refute weak levels first.
  std::vector<TransactionAnomaly> anomalies;

  [[nodiscard]] bool holds(IsolationLevel level, SessionOrder order) const;
  /// Keeps the anomaly if there are few of its name.
  void add(TransactionAnomaly anomaly);
  /// Brings them into their order.
  void sort();
};

/// How one transaction leads to the next, in words.
using DescribeEdge = std::function<std::string(const DependencyEdge&)>;

/// For each level that is not refuted yet a circle that refutes it, if there is one.
void add_circles(const DependencyGraph& graph, const DescribeEdge& describe, IsolationFinding& finding);

/// When a transaction was open: positions in the history.
struct TransactionTime {
  std::uint32_t transaction = 0;  ///< its node
  std::uint32_t invoke = 0;
  std::uint32_t complete = UINT32_MAX;  ///< UINT32_MAX: nobody knows that it was over
};

/// Edges of real time. Whoever is over is before a point in time, and that is before the next one and before
/// whoever is invoked then: points are further nodes, from `nodes` on, which grows. Requires: `times` in
/// order of invocation.
void add_real_time(std::span<const TransactionTime> times, std::uint32_t& nodes,
                   std::vector<DependencyEdge>& edges);

}  // namespace ordeal
