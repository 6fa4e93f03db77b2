#include "nemesis/agent/clock.h"

#include "common/check.h"

#include <ctime>

#include <algorithm>
#include <chrono>
#include <thread>

namespace ordeal::agent {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  ORDEAL_CHECK(clock_gettime(clock, &now) == 0);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

MonotonicTime monotonic_now() {
  return MonotonicTime(read_clock(CLOCK_MONOTONIC));
}

Now read_clocks() {
  return {monotonic_now(), WallTime(read_clock(CLOCK_REALTIME))};
}

bool wait_until(const std::function<bool()>& done, Duration limit) {
  const MonotonicTime end = monotonic_now() + limit;
  std::int64_t pause_ms = 1;
  while (!done()) {
    if (monotonic_now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
    pause_ms = std::min<std::int64_t>(pause_ms * 2, 20);
  }
  return true;
}

}  // namespace ordeal::agent
