#pragma once
// The register as the search sees it: the operations of one key with values as small numbers, and only what
// constrains the order. Failed writes, unanswered reads and compare-and-sets that change nothing are gone or
// are reads.

#include "checkers/keyed_checker.h"
#include "checkers/linearizability/linearizable.h"
#include "checkers/linearizability/timeline.h"
#include "common/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal {

/// A value of the register. 0 stands for every value that no remaining operation can tell from others.
using ValueId = std::uint32_t;
inline constexpr ValueId kUnobserved = 0;

enum class ActionKind : std::uint8_t {
  kObserve,  ///< the register holds `expects`
  kDeny,     ///< the register does not hold `expects`
  kWrite,    ///< now it holds `gives`
  kCas,      ///< it holds `expects`; now it holds `gives`
};

struct Action {
  ActionKind kind = ActionKind::kObserve;
  ValueId expects = kUnobserved;
  ValueId gives = kUnobserved;

  [[nodiscard]] bool changes() const { return kind == ActionKind::kWrite || kind == ActionKind::kCas; }
  /// Whether it can be next when the register holds `state`.
  [[nodiscard]] bool fits(ValueId state) const {
    switch (kind) {
      case ActionKind::kObserve:
      case ActionKind::kCas:
        return state == expects;
      case ActionKind::kDeny:
        return state != expects;
      case ActionKind::kWrite:
        return true;
    }
    return false;
  }

  friend auto operator<=>(const Action&, const Action&) = default;
};

struct RegisterOp {
  std::uint32_t operation = 0;  ///< position in the key's slice
  Action action;
  std::uint32_t invoke = 0;  ///< position in the history
  std::uint32_t response = kNever;

  [[nodiscard]] bool definite() const { return response != kNever; }
};

struct RegisterProblem {
  std::vector<RegisterOp> ops;  ///< in order of invocation
  std::vector<Cell> values;     ///< what a ValueId stands for; [0] is not used
  ValueId initial = kUnobserved;
  Value initial_value;
  bool any_initial = false;    ///< the problem is a window of a longer one: it may begin with any value
  std::uint32_t begin = 0;     ///< of a window: the position from which on it counts
  std::uint32_t end = kNever;  ///< the last position that counts
};

// Cells that no history has.
inline constexpr Cell kMutexFree{~std::uint64_t{0}};
inline constexpr Cell kMutexHeld{~std::uint64_t{0} - 1};
inline constexpr Cell kOnlyInitial{~std::uint64_t{0} - 2};  ///< an initial value that no operation mentions

/// The value that an operation writes if it takes effect; nothing when it writes none.
[[nodiscard]] std::optional<Cell> written_by(const HistoryTable& history, const OperationRow& operation);

/// For people.
[[nodiscard]] std::string value_text(const HistoryTable& history, const RegisterProblem& problem,
                                     ValueId value);

/// The error names an operation that no register has.
[[nodiscard]] Result<RegisterProblem> make_register_problem(const HistoryTable& history,
                                                            const KeySlice& slice,
                                                            const RegisterSemantics& semantics);

}  // namespace ordeal
