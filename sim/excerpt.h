#pragma once
// Which part of a run is worth looking at. A run is repeatable, so it is run twice: once to find out what
// went wrong and when, and once more with somebody looking on who knows this.

#include "common/time.h"
#include "sim/simulation.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::sim {

struct Excerpt {
  /// An operation that the finding names, by its positions in the history.
  struct Operation {
    std::int64_t invoke = 0;
    std::optional<std::int64_t> complete;
    bool guilty = false;  ///< else it belongs to the order that could be built

    friend bool operator==(const Operation&, const Operation&) = default;
  };

  std::optional<MonotonicTime> from;  ///< none: what happened last
  MonotonicTime to;                   ///< when it broke; else when the load had ended and all was read
  std::vector<Operation> operations;
  std::string kind;  ///< of what went wrong, as in the result; empty: nothing
  std::string why;
};

/// What the history shows breaks with the last answer that the guilty operations of the first witness got:
/// the verdict names that witness. The excerpt begins a little before the first of them was invoked, since
/// elections and faults lead there.
[[nodiscard]] Excerpt excerpt_of(const SimResult& result);

}  // namespace ordeal::sim
