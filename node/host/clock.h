#pragma once
// The two clocks of a real node.

#include "common/time.h"

namespace ordeal::host {

[[nodiscard]] MonotonicTime monotonic_now();
[[nodiscard]] Now read_clocks();

}  // namespace ordeal::host
