#pragma once
// A checker whose promise holds for each key by itself: the history is split by key, each key gets the whole
// budget, and any violated key makes the history invalid (Herlihy and Wing, TOPLAS 1990: linearizability is
// local). The driver finds this interface and spreads the keys over cores; `check` does the same one key
// after the other.

#include "checkers/checker.h"
#include "common/result.h"

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

/// What the verdict on one key rests on, for a program that trusts nobody (docs/formats/certificate.md).
/// Operations are named by the positions of their invocations.
struct KeyProof {
  /// An operation of the part of the history that has no order.
  struct Part {
    std::uint32_t invoke = 0;
    bool write_only = false;  ///< a compare-and-set of which only the write counts
  };

  Value key;
  Verdict verdict = Verdict::kUnknown;
  std::vector<std::uint32_t> order;  ///< of valid: an order that explains every answer
  std::vector<Part> parts;           ///< of invalid: these have no order
  std::optional<std::uint32_t>
      from;  ///< of invalid: what was over before this position is left out, and the first state is any
  std::uint32_t until = 0;  ///< of invalid: what comes after this position is left out
};

class KeyedChecker : public Checker {
 public:
  /// Safe to call from several threads at once.
  [[nodiscard]] virtual KeyFinding check_key(const HistoryTable& history, const KeySlice& slice,
                                             const Budget& budget) const = 0;
  /// The verdict of check_key with what it rests on. The error says that this checker gives no proofs.
  [[nodiscard]] virtual Result<KeyProof> prove_key(const HistoryTable& history, const KeySlice& slice,
                                                   const Budget& budget) const;
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& budget) const final;

  /// One finding from those of all keys. Where there are keys, operations without one may concern any key: if
  /// it is not known what they did, no other key is judged. Requires: findings[i] is that of slices[i].
  [[nodiscard]] Finding combine(const std::vector<KeySlice>& slices,
                                const std::vector<KeyFinding>& findings) const;
};

}  // namespace ordeal
