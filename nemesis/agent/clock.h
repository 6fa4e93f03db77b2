#pragma once
// The clocks of this machine, and waiting for a condition that another process brings about.

#include "common/time.h"

#include <chrono>
#include <functional>

namespace ordeal::agent {

/// CLOCK_MONOTONIC and CLOCK_REALTIME, read one after the other.
[[nodiscard]] Now read_clocks();
[[nodiscard]] MonotonicTime monotonic_now();
[[nodiscard]] inline std::chrono::nanoseconds to_chrono(Duration duration) {
  return std::chrono::nanoseconds(duration.ns());
}

/// Asks again, ever less often (1 ms to 20 ms), until `done` says yes or the limit has passed. Gives the last
/// answer.
[[nodiscard]] bool wait_until(const std::function<bool()>& done, Duration limit);

}  // namespace ordeal::agent
