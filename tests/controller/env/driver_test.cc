#include "controller/env/driver.h"

#include <gtest/gtest.h>

namespace ordeal::env {
namespace {

TEST(Lateness, IsZeroWhenNothingWasDone) {
  const Lateness lateness = summarize({});
  EXPECT_EQ(lateness.count, 0u);
  EXPECT_EQ(lateness.max, Duration());
}

TEST(Lateness, TakesQuantilesOfTheSortedValues) {
  std::vector<Duration> values;
  for (int i = 101; i >= 1; --i) values.push_back(microseconds(i));
  const Lateness lateness = summarize(std::move(values));
  EXPECT_EQ(lateness.count, 101u);
  EXPECT_EQ(lateness.p50, microseconds(51));
  EXPECT_EQ(lateness.p99, microseconds(100));
  EXPECT_EQ(lateness.max, microseconds(101));
}

}  // namespace
}  // namespace ordeal::env
