#pragma once
// The machine's clocks, read here and handed on as arguments.

#include "common/time.h"

namespace ordeal::env {

/// CLOCK_MONOTONIC.
[[nodiscard]] MonotonicTime monotonic_now();
/// Both clocks, read one right after the other.
[[nodiscard]] Now now();

}  // namespace ordeal::env
