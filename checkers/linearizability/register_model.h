#pragma once
// The register as the search sees it: the operations of one key with values as small numbers, and only what
// constrains the order. Failed writes, unanswered reads and compare-and-sets that change nothing are gone or
// are reads.

#include "checkers/keyed_checker.h"
#include "checkers/linearizability/linearizable.h"
#include "common/result.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace ordeal {

/// A value of the register. 0 stands for every value that no remaining operation can tell from others.
using ValueId = std::uint32_t;
inline constexpr ValueId kUnobserved = 0;

/// Response position of an operation whose outcome nobody knows.
inline constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

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
  std::size_t operation = 0;  ///< position in the key's slice
  Action action;
  std::size_t invoke = 0;  ///< position in the history
  std::size_t response = kNever;

  [[nodiscard]] bool definite() const { return response != kNever; }
};

struct RegisterProblem {
  std::vector<RegisterOp> ops;  ///< in order of invocation
  std::vector<Value> values;    ///< what a ValueId stands for; [0] is not used
  ValueId initial = kUnobserved;
  bool any_initial = false;  ///< the problem is a window of a longer one: it may begin with any value
};

inline constexpr std::string_view kMutexFree = "free";
inline constexpr std::string_view kMutexHeld = "held";

/// The value that an operation writes if it takes effect; nothing when it writes none.
[[nodiscard]] std::optional<Value> written_by(const Op& invoke);

/// The error names an operation that no register has.
[[nodiscard]] Result<RegisterProblem> make_register_problem(const History& history, const KeySlice& slice,
                                                            const RegisterSemantics& semantics);

}  // namespace ordeal
