#pragma once
// A node's two clocks as functions of the world's time: they may be ahead, run fast or slow, and the wall
// clock may jump. Integer arithmetic alone.

#include "common/time.h"

#include <cstdint>

namespace ordeal::sim {

class NodeClock {
 public:
  /// `ahead`: of the world's time at its zero. `wall_zero`: what the wall clock says then.
  NodeClock(Duration ahead, WallTime wall_zero) : local_base_(ahead.ns()), wall_zero_(wall_zero) {}

  [[nodiscard]] Now read(MonotonicTime world) const;
  /// The world's time at which the monotonic clock reaches `local`, rounded up; never before `world`. Far in
  /// the future when the clock stands still.
  [[nodiscard]] MonotonicTime when(MonotonicTime local, MonotonicTime world) const;

  /// From `world` on both clocks run at (1,000,000 + ppm) / 1,000,000. -1,000,000: they stand still.
  void set_rate(MonotonicTime world, std::int64_t ppm);
  /// Sets the wall clock forward or back. The monotonic one does not notice.
  void jump_wall(Duration by) { wall_zero_ = wall_zero_ + by; }

 private:
  [[nodiscard]] MonotonicTime local(MonotonicTime world) const;

  MonotonicTime world_base_;
  std::int64_t local_base_;
  std::int64_t per_million_ = 1'000'000;
  WallTime wall_zero_;
};

}  // namespace ordeal::sim
