#include "sim/shrink.h"

#include "sim/swarm.h"

#include <gtest/gtest.h>

namespace ordeal::sim {
namespace {

TEST(Shrink, LeavesAHandfulThatFailsAgainWhenReadFromItsText) {
  SwarmOptions options;
  options.plants = {"R5"};
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Plan plan = draw_plan(options, seed);
    const auto failed = simulate(plan, seed, {});
    ASSERT_TRUE(failed.ok());
    if (!failed->bad()) continue;
    ShrinkOptions how;
    how.runs_max = 3'000;
    const auto shrunk = shrink(plan, seed, how);
    ASSERT_TRUE(shrunk.ok());
    EXPECT_EQ(shrunk->kind, failed->kind);
    EXPECT_LE(shrunk->faults(), 5U) << "seed " << seed;
    EXPECT_EQ(shrunk->plan.workload.name, "script");
    EXPECT_GT(shrunk->operations(), 0U) << "seed " << seed;
    EXPECT_LE(shrunk->operations(), 12U) << "seed " << seed;
    const auto read = parse_plan(print_plan(shrunk->plan), "shrunk");
    ASSERT_TRUE(read.ok()) << read.error().message;
    const auto again = simulate(*read, *read->seed, {});
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->kind, failed->kind) << "seed " << seed;
    return;
  }
  FAIL() << "nothing failed in 60 seeds";
}

TEST(Shrink, RefusesARunThatDoesNotFail) {
  const auto shrunk = shrink(draw_plan({}, 1), 1, {});
  ASSERT_FALSE(shrunk.ok());
  EXPECT_EQ(shrunk.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ordeal::sim
