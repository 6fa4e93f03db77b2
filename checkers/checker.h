#pragma once
// What a checker is: a pure function from a history to a finding, within a budget. The same step budget gives
// the same verdict; only checkers/driver knows cores and seconds.

#include "checkers/history_table.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

enum class Verdict : std::uint8_t { kValid, kUnknown, kInvalid };

/// "valid", "unknown", "invalid".
[[nodiscard]] std::string_view to_text(Verdict verdict);
/// Invalid outranks unknown outranks valid.
[[nodiscard]] Verdict worst(Verdict a, Verdict b);

/// What a check may spend. When any of it is used up the verdict is unknown with the reason, never valid.
struct Budget {
  std::uint64_t steps_max = std::numeric_limits<std::uint64_t>::max();  ///< states visited, per key
  std::uint64_t bytes_max = std::numeric_limits<std::uint64_t>::max();  ///< memory of the search, per key
  std::function<bool()> stop;  ///< asked every few thousand steps; true: give up (deadline, signal)

  [[nodiscard]] bool stopped() const { return stop && stop(); }
};

/// One operation in the story of a violation.
struct WitnessStep {
  std::size_t invoke = 0;  ///< position in the history
  std::optional<std::size_t> complete;
  std::string text;  ///< a sentence: why it cannot come next, or what the state was after it
};

/// The smallest story of a violation that the checker can tell.
struct Witness {
  Value key;
  std::vector<WitnessStep> longest;  ///< the end of the longest order that could be built, last step last
  std::string state;                 ///< the state that order reached
  std::vector<WitnessStep>
      stuck;  ///< the guilty: every operation that would have to come next, and why it cannot
};

struct Finding {
  std::string checker;  ///< its name: linearizable, ...
  Verdict verdict = Verdict::kUnknown;
  std::string why;                 ///< a sentence for people; for unknown the reason and what was spent
  std::vector<Witness> witnesses;  ///< one per violated key, at most a handful
  Value details;                   ///< figures: keys, operations, states visited
};

/// The finding as a run's verdict.json has it: docs/formats/store.md.
[[nodiscard]] Value to_value(const Finding& finding);

class Checker {
 public:
  Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  virtual ~Checker() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Requires: history.check_well_formed().
  [[nodiscard]] virtual Finding check(const HistoryTable& history, const Budget& budget) const = 0;
};

}  // namespace ordeal
