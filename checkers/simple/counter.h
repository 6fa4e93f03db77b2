#pragma once
// A counter: `add` of a number, `read` of the sum. A read returns at least what had been added for certain,
// and at most what may have been; with negative additions, the bounds move apart both ways. An addition that
// failed counts for nothing, one of unknown outcome may count from its invocation on.

#include "checkers/checker.h"

#include <memory>

namespace ordeal {

/// Named "counter". O(n).
[[nodiscard]] std::unique_ptr<Checker> make_counter_checker();

}  // namespace ordeal
