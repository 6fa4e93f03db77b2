#include "sim/network.h"

#include <gtest/gtest.h>

namespace ordeal::sim {
namespace {

const Cut kLink{NodeId(1), NodeId(2)};
const Cut kBack{NodeId(2), NodeId(1)};

TEST(Network, DeliversWithinItsDelaysAndInOrder) {
  Network network(3, {.delay_min = microseconds(10), .delay_max = microseconds(900)}, Rng(1));
  MonotonicTime last;
  for (int i = 0; i < 1'000; ++i) {
    const MonotonicTime now(i * 10'000);
    const Network::Fate fate = network.send(now, kLink, 100);
    ASSERT_TRUE(fate.first);
    EXPECT_FALSE(fate.second);
    EXPECT_GE(*fate.first, now + microseconds(10));
    EXPECT_GE(*fate.first, last);
    last = *fate.first;
  }
}

TEST(Network, LetsMessagesOvertakeWhenItMay) {
  Weather weather{.delay_min = microseconds(10), .delay_max = microseconds(900)};
  weather.overtaking = true;
  Network network(2, weather, Rng(1));
  int overtaken = 0;
  MonotonicTime last;
  for (int i = 0; i < 100; ++i) {
    const MonotonicTime at = *network.send(MonotonicTime(i * 1'000), kLink, 100).first;
    overtaken += at < last ? 1 : 0;
    last = std::max(last, at);
  }
  EXPECT_GT(overtaken, 10);
}

TEST(Network, LosesAndDoublesItsShare) {
  Weather weather;
  weather.loss = 200;
  weather.duplicates = 100;
  Network network(2, weather, Rng(3));
  int lost = 0;
  int doubled = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Network::Fate fate = network.send(MonotonicTime(i), kLink, 100);
    lost += fate.first ? 0 : 1;
    doubled += fate.second ? 1 : 0;
  }
  EXPECT_NEAR(lost, 2'000, 200);
  EXPECT_NEAR(doubled, 800, 120);
}

TEST(Network, IsMostlyQuickWhenDelaysAreExponential) {
  Network network(2, {.delay_min = microseconds(100), .delay_max = microseconds(1'000), .exponential = true},
                  Rng(1));
  int quick = 0;
  for (std::int64_t i = 0; i < 1'000; ++i) {
    const MonotonicTime now(i * 10'000'000);
    const Duration delay = *network.send(now, kLink, 100).first - now;
    ASSERT_GE(delay, microseconds(100));
    ASSERT_LE(delay, microseconds(1'000));
    quick += delay < microseconds(400) ? 1 : 0;
  }
  EXPECT_NEAR(quick, 632, 60);
}

TEST(Network, KeepsEverythingInAClog) {
  Weather weather;
  weather.loss = 500;
  Network network(2, weather, Rng(1));
  network.clog(kLink);
  EXPECT_FALSE(network.open(kLink));
  EXPECT_TRUE(network.open(kBack));
  for (int i = 0; i < 100; ++i) {
    const Network::Fate fate = network.send(MonotonicTime(i), kLink, 100);
    EXPECT_TRUE(fate.waits && !fate.first);
    EXPECT_TRUE(network.keeps(kLink)) << "what is on its way waits too";
  }
  network.cut(kLink);
  EXPECT_FALSE(network.unclog(kLink)) << "it is cut as well";
  EXPECT_TRUE(network.uncut(kLink));
}

TEST(Network, CutsOneWayAndCountsItsCuts) {
  Network network(2, {}, Rng(1));
  network.cut(kLink);
  network.cut(kLink);
  EXPECT_FALSE(network.open(kLink));
  EXPECT_TRUE(network.open(kBack));
  EXPECT_FALSE(network.send(MonotonicTime(), kLink, 1).first);
  EXPECT_FALSE(network.uncut(kLink));
  EXPECT_TRUE(network.uncut(kLink));
  EXPECT_TRUE(network.send(MonotonicTime(), kLink, 1).first);
}

TEST(Network, KeepsWhatACutHoldsBack) {
  Weather weather;
  weather.kept_by_cuts = 1000;
  Network network(2, weather, Rng(1));
  network.cut(kLink);
  const Network::Fate fate = network.send(MonotonicTime(), kLink, 1);
  EXPECT_FALSE(fate.first);
  EXPECT_TRUE(fate.waits);
}

TEST(Network, TakesTheTimeOfItsBandwidth) {
  Weather weather{.delay_min = Duration(), .delay_max = Duration()};
  weather.bytes_per_second = 1'000;
  Network network(2, weather, Rng(1));
  EXPECT_EQ(*network.send(MonotonicTime(), kLink, 500).first, MonotonicTime() + milliseconds(500));
  EXPECT_EQ(*network.send(MonotonicTime(), kLink, 500).first, MonotonicTime() + seconds(1));
}

TEST(Network, HasStreamsThatDoNotShiftEachOther) {
  Network one(2, {}, Rng(9));
  Network other(2, {}, Rng(9));
  static_cast<void>(other.send(MonotonicTime(), kBack, 1));  // a draw on another link
  EXPECT_EQ(one.send(MonotonicTime(), kLink, 1).first, other.send(MonotonicTime(), kLink, 1).first);
}

}  // namespace
}  // namespace ordeal::sim
