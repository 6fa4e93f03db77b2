#include "sim/node_clock.h"

#include "common/check.h"

#include <algorithm>

namespace ordeal::sim {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr Duration kFar = seconds(24 * 3600);

/// a * b / c without overflow, by splitting a. Requires: 0 <= a, 0 <= b <= 10 * c, 0 < c <= 20'000'000.
std::int64_t scale(std::int64_t a, std::int64_t b, std::int64_t c) {
  return a / c * b + a % c * b / c;
}

}  // namespace

MonotonicTime NodeClock::local(MonotonicTime world) const {
  return MonotonicTime(local_base_ + scale((world - world_base_).ns(), per_million_, kMillion));
}

Now NodeClock::read(MonotonicTime world) const {
  const MonotonicTime monotonic = local(world);
  return {monotonic, wall_zero_ + Duration(monotonic.ns())};
}

MonotonicTime NodeClock::when(MonotonicTime local, MonotonicTime world) const {
  if (per_million_ == 0) return world + kFar;
  const std::int64_t ahead = std::max<std::int64_t>(local.ns() - local_base_, 0);
  // Rounded up by hand: a wake-up a nanosecond early would find its deadline not reached, and come again.
  MonotonicTime at = world_base_ + Duration(scale(ahead, kMillion, per_million_));
  while (this->local(at) < local) at = at + Duration(1);
  return std::max(at, world);
}

void NodeClock::set_rate(MonotonicTime world, std::int64_t ppm) {
  ORDEAL_CHECK(ppm >= -kMillion);
  local_base_ = local(world).ns();
  world_base_ = world;
  per_million_ = kMillion + ppm;
}

}  // namespace ordeal::sim
