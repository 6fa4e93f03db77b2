#include "controller/env/clocks.h"

#include "common/check.h"

#include <ctime>

namespace ordeal::env {
namespace {

std::int64_t read(clockid_t clock) {
  timespec time{};
  ORDEAL_CHECK(::clock_gettime(clock, &time) == 0);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

MonotonicTime monotonic_now() {
  return MonotonicTime(read(CLOCK_MONOTONIC));
}

Now now() {
  return {monotonic_now(), WallTime(read(CLOCK_REALTIME))};
}

}  // namespace ordeal::env
