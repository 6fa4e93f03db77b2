#include "node/host/clock.h"

#include <ctime>

namespace ordeal::host {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

MonotonicTime monotonic_now() {
  return MonotonicTime(read_clock(CLOCK_MONOTONIC));
}

Now read_clocks() {
  return {monotonic_now(), WallTime(read_clock(CLOCK_REALTIME))};
}

}  // namespace ordeal::host
