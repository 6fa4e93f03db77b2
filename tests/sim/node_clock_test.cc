#include "sim/node_clock.h"

#include "common/prng.h"

#include <gtest/gtest.h>

namespace ordeal::sim {
namespace {

MonotonicTime at(std::int64_t milliseconds) {
  return MonotonicTime(milliseconds * 1'000'000);
}

TEST(NodeClock, IsAheadAndRunsAtItsRate) {
  NodeClock clock(seconds(5), WallTime(0));
  EXPECT_EQ(clock.read(at(0)).monotonic, at(5'000));
  EXPECT_EQ(clock.read(at(1'000)).monotonic, at(6'000));
  clock.set_rate(at(1'000), 20'000);  // 2 % too fast
  EXPECT_EQ(clock.read(at(2'000)).monotonic, at(7'020));
  clock.set_rate(at(2'000), 0);
  EXPECT_EQ(clock.read(at(3'000)).monotonic, at(8'020));
}

TEST(NodeClock, JumpsWithTheWallClockAlone) {
  NodeClock clock(Duration(), WallTime(1'000));
  clock.jump_wall(seconds(-30));
  EXPECT_EQ(clock.read(at(100)).monotonic, at(100));
  EXPECT_EQ(clock.read(at(100)).wall, WallTime(1'000) + milliseconds(100) - seconds(30));
}

TEST(NodeClock, StandsStillWhenFrozenAndGoesOn) {
  NodeClock clock(Duration(0), WallTime(0));
  clock.set_rate(at(10), -1'000'000);
  EXPECT_EQ(clock.read(at(500)).monotonic, at(10));
  EXPECT_GT(clock.when(at(11), at(500)), at(60'000));
  clock.set_rate(at(500), 0);
  EXPECT_EQ(clock.read(at(501)).monotonic, at(11));
}

// A wake-up that came a nanosecond early would find its deadline not reached.
TEST(NodeClock, TellsWhenADeadlineIsReachedAndNotBefore) {
  constexpr std::uint64_t kSeed = 5;
  Rng rng(kSeed);
  for (int i = 0; i < 2'000; ++i) {
    NodeClock clock(Duration(rng.between(0, 1'000'000'000)), WallTime());
    clock.set_rate(MonotonicTime(rng.between(0, 1'000)), rng.between(-500'000, 500'000));
    const MonotonicTime now(rng.between(1'000, 1'000'000'000));
    const MonotonicTime deadline = clock.read(now).monotonic + Duration(rng.between(1, 1'000'000'000));
    const MonotonicTime when = clock.when(deadline, now);
    ASSERT_GE(clock.read(when).monotonic, deadline) << "seed " << kSeed << ", try " << i;
    ASSERT_LT(clock.read(when - Duration(3)).monotonic, deadline) << "seed " << kSeed << ", try " << i;
  }
}

}  // namespace
}  // namespace ordeal::sim
