#include "nemesis/faults/schedule.h"

#include "nemesis/faults/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace ordeal {
namespace {

using ::testing::IsEmpty;

RandomFaults random_faults() {
  RandomFaults random;
  random.kinds = {"partition", "kill", "pause"};
  random.shapes = {"isolate-one", "halves", "majority-ring", "bridge", "one-way", "random"};
  random.targets = {"leader", "follower", "minority", "one"};
  return random;
}

FaultEvent event(Duration at, Duration length, std::string fault) {
  return {at, length, {std::move(fault), "", "one"}};
}

TEST(FaultSchedule, GivesEventsOnceInOrderOfTimeAndLetsThemOverlap) {
  FaultSchedule schedule(std::nullopt,
                         {event(seconds(5), seconds(9), "kill"), event(seconds(2), seconds(9), "pause")},
                         seconds(60), 5, Rng(1));
  EXPECT_EQ(schedule.next(), seconds(2));
  EXPECT_THAT(schedule.take(milliseconds(1999)), IsEmpty());
  EXPECT_EQ(schedule.take(seconds(2)).at(0).request.fault, "pause");
  EXPECT_EQ(schedule.next(), seconds(5));
  EXPECT_EQ(schedule.take(seconds(6)).at(0).request.fault, "kill");
  EXPECT_EQ(schedule.next(), std::nullopt);
  EXPECT_THAT(schedule.take(seconds(60)), IsEmpty());
}

TEST(FaultSchedule, GivesOneRandomFaultAtATime) {
  FaultSchedule schedule(random_faults(), {}, seconds(60), 5, Rng(1));
  ASSERT_TRUE(schedule.next().has_value());
  const Duration first = *schedule.next();
  const auto due = schedule.take(first);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_TRUE(due[0].random);
  EXPECT_EQ(schedule.next(), std::nullopt);
  EXPECT_THAT(schedule.take(seconds(50)), IsEmpty());
  schedule.random_ended(seconds(20));
  EXPECT_GE(*schedule.next(), seconds(21));
  EXPECT_LE(*schedule.next(), seconds(23));
}

TEST(FaultSchedule, KeepsWithinItsRangesAndTheLoad) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FaultSchedule schedule(random_faults(), {}, seconds(60), 5, Rng(seed));
    Duration end;
    while (const auto next = schedule.next()) {
      EXPECT_GE(*next - end, seconds(1)) << "seed " << seed;
      EXPECT_LE(*next - end, seconds(3)) << "seed " << seed;
      const auto due = schedule.take(*next);
      ASSERT_EQ(due.size(), 1U) << "seed " << seed;
      EXPECT_GE(due[0].length, seconds(2)) << "seed " << seed;
      EXPECT_LE(due[0].length, seconds(4)) << "seed " << seed;
      end = *next + due[0].length;
      EXPECT_LE(end, seconds(60)) << "seed " << seed;
      EXPECT_TRUE(check_fault(due[0].request, 5).ok()) << "seed " << seed;
      schedule.random_ended(end);
    }
    EXPECT_GT(end, seconds(50)) << "seed " << seed;
  }
}

TEST(FaultSchedule, LeavesOutWhatTheClusterIsTooSmallFor) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultSchedule schedule(random_faults(), {}, seconds(300), 3, Rng(seed));
    while (const auto next = schedule.next()) {
      const auto due = schedule.take(*next);
      EXPECT_NE(due.at(0).request.shape, "majority-ring") << "seed " << seed;
      EXPECT_TRUE(check_fault(due.at(0).request, 3).ok()) << "seed " << seed;
      schedule.random_ended(*next);
    }
  }
}

TEST(FaultSchedule, DrawsEveryShapeOfAKindThatHasShapes) {
  RandomFaults random;
  random.kinds = {"packets", "disk", "clock", "members"};
  random.targets = {"leader", "one"};
  for (const std::string& kind : random.kinds) {
    std::set<std::string> shapes;
    for (const FaultRequest& request : fitting_requests(random, kind, 5)) shapes.insert(request.shape);
    EXPECT_EQ(shapes.size(), find_fault(kind)->shapes().size()) << kind;
  }
}

TEST(FaultSchedule, StarvesNoKind) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultSchedule schedule(random_faults(), {}, seconds(60), 5, Rng(seed));
    std::map<std::string, int> kinds;
    Duration at;
    for (int i = 0; i < 9; ++i) {
      ASSERT_TRUE(schedule.next().has_value()) << "seed " << seed;
      ++kinds[schedule.take(*schedule.next()).at(0).request.fault];
      schedule.random_ended(at);
    }
    for (const char* kind : {"partition", "kill", "pause"})
      EXPECT_EQ(kinds[kind], 3) << kind << " seed " << seed;
  }
}

TEST(FaultSchedule, DrawsTheSameFromTheSameSeed) {
  const auto draw = [](std::uint64_t seed) {
    FaultSchedule schedule(random_faults(), {}, seconds(60), 5, Rng(seed));
    std::vector<DueFault> all;
    while (const auto next = schedule.next()) {
      for (DueFault& due : schedule.take(*next)) all.push_back(std::move(due));
      schedule.random_ended(*next);
    }
    return all;
  };
  EXPECT_EQ(draw(5), draw(5));
  EXPECT_NE(draw(5), draw(6));
}

}  // namespace
}  // namespace ordeal
