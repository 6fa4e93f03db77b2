#include "sim/shrink.h"

#include "sim/swarm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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
    EXPECT_EQ(shrunk->no_script, "");
    EXPECT_THAT(describe(*shrunk), HasSubstr(" operations\n"));
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

/// The first seed that the planted bug makes fail.
std::uint64_t first_failing(const SwarmOptions& options) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto result = simulate(draw_plan(options, seed), seed, {});
    if (result.ok() && result->bad()) return seed;
  }
  return 0;
}

// Operations that are written down one by one come at other times than when they were drawn, and what they
// hit may be gone: then the plan goes on drawing them, and the text says so.
TEST(Shrink, SaysWhyTheOperationsAreNoScript) {
  SwarmOptions options;
  options.plants = {"R5"};
  const std::uint64_t seed = first_failing(options);
  ASSERT_NE(seed, 0U);
  const Plan plan = draw_plan(options, seed);
  ShrinkOptions how;
  how.runs_max = 0;
  const auto untouched = shrink(plan, seed, how);
  ASSERT_TRUE(untouched.ok());
  EXPECT_EQ(untouched->plan.workload.name, "register");
  EXPECT_TRUE(untouched->spent);
  EXPECT_THAT(describe(*untouched), HasSubstr("what the workload register draws"));
  EXPECT_THAT(describe(*untouched), HasSubstr("no time left to write them down"));
  EXPECT_THAT(describe(*untouched), HasSubstr("may become smaller yet: the time was up after 0 runs"));

  how.runs_max = 500;
  how.seeds_per_try = 0;
  const auto untried = shrink(plan, seed, how);
  ASSERT_TRUE(untried.ok());
  EXPECT_THAT(describe(*untried), HasSubstr("did not fail in the same way with any of 0 seeds"));
  EXPECT_THAT(describe(*untried), Not(HasSubstr("may become smaller yet")));
}

TEST(Shrink, KeepsWhatAFaultWaitsForAndBringsItForward) {
  Plan plan = default_plan();
  plan.random_faults.reset();
  plan.plants = {"R19"};
  plan.time_limit = seconds(20);
  plan.load.rate = 100;
  for (std::int64_t at = 2; at < 16; at += 6) {
    FaultEvent event{seconds(at), seconds(4), {"partition", "isolate-one", std::string(kThatNode)}};
    event.trigger = FaultTrigger{NodeEventKind::kEntryCommitted, "leader"};
    plan.fault_events.push_back(std::move(event));
  }
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const auto failed = simulate(plan, seed, {});
    ASSERT_TRUE(failed.ok()) << failed.error().message;
    if (!failed->bad()) continue;
    ShrinkOptions how;
    how.runs_max = 400;
    const auto shrunk = shrink(plan, seed, how);
    ASSERT_TRUE(shrunk.ok());
    ASSERT_GT(shrunk->faults(), 0U) << "seed " << seed;
    EXPECT_LE(shrunk->faults(), 2U) << "seed " << seed;
    for (const FaultEvent& event : shrunk->plan.fault_events)
      EXPECT_EQ(event.trigger, (FaultTrigger{NodeEventKind::kEntryCommitted, "leader"}));
    const auto read = parse_plan(print_plan(shrunk->plan), "shrunk");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, shrunk->plan);
    const auto again = simulate(*read, *read->seed, {});
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->kind, failed->kind) << "seed " << seed;
    return;
  }
  FAIL() << "nothing failed in 40 seeds";
}

TEST(Shrink, ForRealNodesLeavesNothingOfTheSimulator) {
  Plan plan;
  plan.nodes = 4;
  plan.time_limit = seconds(8);
  plan.load.rate = 50;
  plan.plants = {"R22"};
  plan.sim.loss = 5;
  plan.fault_events = {{seconds(1), seconds(4), {"partition", "halves", "n1,n2"}},
                       {seconds(2), seconds(1), {"disk", "slow", "leader"}}};
  ShrinkOptions how;
  how.for_real_nodes = true;
  how.seeds_that_fail = 6;
  how.runs_max = 200;
  const auto shrunk = shrink(plan, 1, how);
  ASSERT_TRUE(shrunk.ok()) << shrunk.error().message;
  EXPECT_EQ(shrunk->outcome, Outcome::kHistory) << "an invariant is for the simulator alone";
  EXPECT_EQ(shrunk->plan.sim, SimPlan());
  ASSERT_EQ(shrunk->faults(), 1U);
  EXPECT_EQ(shrunk->plan.fault_events[0].request.fault, "partition");
  // Not by one schedule alone: seeds that the shrinker has not tried fail too.
  int failed = 0;
  for (std::uint64_t seed = 10'001; seed <= 10'012; ++seed) {
    const auto again = simulate(shrunk->plan, seed, judged_by(true));
    ASSERT_TRUE(again.ok());
    failed += again->bad() ? 1 : 0;
  }
  EXPECT_GE(failed, 2);
}

TEST(Shrink, RefusesARunThatDoesNotFail) {
  const auto shrunk = shrink(draw_plan({}, 1), 1, {});
  ASSERT_FALSE(shrunk.ok());
  EXPECT_EQ(shrunk.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ordeal::sim
