#include "sim/event_queue.h"

#include "common/prng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace ordeal::sim {
namespace {

int pop(EventQueue<int>& queue) {
  int popped = 0;
  queue.pop([&](int event) { popped = event; });
  return popped;
}

TEST(EventQueue, GivesEventsByTimeAndThenInTheOrderOfPushing) {
  EventQueue<int> queue;
  queue.push(MonotonicTime(5), 1);
  queue.push(MonotonicTime(3), 2);
  queue.push(MonotonicTime(5), 3);
  queue.push(MonotonicTime(5), 4);
  EXPECT_EQ(queue.next_time(), MonotonicTime(3));
  for (const int expected : {2, 1, 3, 4}) EXPECT_EQ(pop(queue), expected);
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueue, TakesEventsWhileOneHappens) {
  EventQueue<int> queue;
  queue.push(MonotonicTime(1), 7);
  queue.pop([&](const int& event) {
    for (int i = 0; i < 1'000; ++i) queue.push(MonotonicTime(2), i);
    EXPECT_EQ(event, 7);
  });
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(pop(queue), i);
}

// The twin is a stable sort.
TEST(EventQueue, AgreesWithAStableSortOnRandomInput) {
  constexpr std::uint64_t kSeed = 11;
  Rng rng(kSeed);
  EventQueue<int> queue;
  std::vector<std::pair<MonotonicTime, int>> twin;
  for (int i = 0; i < 5'000; ++i) {
    const MonotonicTime at(rng.between(0, 50));
    queue.push(at, i);
    twin.emplace_back(at, i);
    if (rng.chance(1, 3)) {
      std::stable_sort(twin.begin(), twin.end(), [](auto& a, auto& b) { return a.first < b.first; });
      ASSERT_EQ(queue.next_time(), twin.front().first) << "seed " << kSeed;
      ASSERT_EQ(pop(queue), twin.front().second) << "seed " << kSeed;
      twin.erase(twin.begin());
    }
  }
}

}  // namespace
}  // namespace ordeal::sim
