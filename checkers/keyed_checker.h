#pragma once
// A checker whose promise holds for each key by itself: the history is split by key, each key gets the whole
// budget, and any violated key makes the history invalid (Herlihy and Wing, TOPLAS 1990: linearizability is
// local). The driver finds this interface and spreads the keys over cores; `check` does the same one key
// after the other.

#include "checkers/checker.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal {

/// The operations of one key, in order of invocation.
struct KeySlice {
  Value key;
  std::vector<OperationRow> operations;
};

/// The slices of a history, in the order of their keys. Requires: history.check_well_formed().
[[nodiscard]] std::vector<KeySlice> split_by_key(const HistoryTable& history);

/// What was found for one key.
struct KeyFinding {
  Verdict verdict = Verdict::kUnknown;
  std::string why;                 ///< empty when valid; otherwise a sentence without the key
  std::optional<Witness> witness;  ///< for invalid
  std::uint64_t steps = 0;         ///< states visited
  std::uint64_t bytes = 0;         ///< largest memory of the search
};

class KeyedChecker : public Checker {
 public:
  /// Safe to call from several threads at once.
  [[nodiscard]] virtual KeyFinding check_key(const HistoryTable& history, const KeySlice& slice,
                                             const Budget& budget) const = 0;
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& budget) const final;

  /// One finding from those of all keys. Requires: findings[i] is that of slices[i].
  [[nodiscard]] Finding combine(const std::vector<KeySlice>& slices,
                                const std::vector<KeyFinding>& findings) const;
};

}  // namespace ordeal
