#include "sim/shrink.h"

#include "sim/swarm.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace ordeal::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Failing {
  std::uint64_t seed;
  Plan plan;
  SimResult result;
};

/// The first seed up to `last` that the planted bug makes fail.
std::optional<Failing> first_failing(const std::string& plant, std::uint64_t last) {
  SwarmOptions options;
  options.plants = {plant};
  for (std::uint64_t seed = 1; seed <= last; ++seed) {
    Plan plan = draw_plan(options, seed);
    auto result = simulate(plan, seed, {});
    if (result.ok() && result->bad()) return Failing{seed, std::move(plan), std::move(*result)};
  }
  return std::nullopt;
}

/// A handful, as explicit events and operations, that fails in the same way when it is read from its text.
void expect_a_handful(const Shrunk& shrunk, const SimResult& failed) {
  SCOPED_TRACE(fmt::format("seed {}: {}", failed.seed, describe(shrunk)));
  EXPECT_EQ(shrunk.outcome, failed.outcome);
  EXPECT_EQ(shrunk.kind, failed.kind);
  EXPECT_FALSE(shrunk.plan.random_faults);
  EXPECT_EQ(shrunk.plan.workload.name, "script");
  EXPECT_LE(shrunk.faults(), 5U);
  EXPECT_LE(shrunk.operations(), 12U);
  EXPECT_EQ(shrunk.no_events, "");
  EXPECT_EQ(shrunk.no_script, "");
  EXPECT_FALSE(shrunk.spent);
  const auto read = parse_plan(print_plan(shrunk.plan), "shrunk");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, shrunk.plan);
  const auto again = simulate(*read, *read->seed, {});
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->outcome, failed.outcome);
  EXPECT_EQ(again->kind, failed.kind);
}

class ShrinkOfAPlant : public ::testing::TestWithParam<std::pair<std::string, std::uint64_t>> {};

TEST_P(ShrinkOfAPlant, LeavesAHandful) {
  const auto& [plant, last] = GetParam();
  const auto failing = first_failing(plant, last);
  ASSERT_TRUE(failing) << "nothing failed in " << last << " seeds";
  ShrinkOptions how;
  how.runs_max = 10'000;
  const auto shrunk = shrink(failing->plan, failing->seed, how);
  ASSERT_TRUE(shrunk.ok()) << shrunk.error().message;
  expect_a_handful(*shrunk, failing->result);
}

INSTANTIATE_TEST_SUITE_P(Plants, ShrinkOfAPlant,
                         ::testing::Values(std::pair("R5", 60), std::pair("R10", 60), std::pair("R12", 60)),
                         [](const auto& plant) { return plant.param.first; });

/// Faults that are drawn while the run goes on, at a load that makes a run long.
Plan plan_of_random_faults() {
  Plan plan = default_plan();
  plan.plants = {"R5"};
  plan.time_limit = seconds(30);
  return plan;
}

std::uint64_t first_failing_seed(const Plan& plan) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto result = simulate(plan, seed, {});
    if (result.ok() && result->bad()) return seed;
  }
  return 0;
}

TEST(Shrink, MakesEventsOfRandomFaults) {
  const Plan plan = plan_of_random_faults();
  const std::uint64_t seed = first_failing_seed(plan);
  const auto failed = simulate(plan, seed, {});
  ASSERT_TRUE(failed.ok() && failed->bad()) << "nothing failed in 20 seeds";
  ShrinkOptions how;
  how.runs_max = 5'000;
  const auto shrunk = shrink(plan, seed, how);
  ASSERT_TRUE(shrunk.ok()) << shrunk.error().message;
  expect_a_handful(*shrunk, *failed);
}

// What was drawn and is written down comes at other times when something is taken away, and what it hit may
// be gone: then the plan goes on drawing it, and the text says so.
TEST(Shrink, SaysWhatIsStillDrawnAndWhy) {
  const Plan plan = plan_of_random_faults();
  const std::uint64_t seed = first_failing_seed(plan);
  ASSERT_NE(seed, 0U);
  ShrinkOptions how;
  how.runs_max = 0;
  const auto untouched = shrink(plan, seed, how);
  ASSERT_TRUE(untouched.ok());
  EXPECT_TRUE(untouched->plan.random_faults);
  EXPECT_EQ(untouched->plan.workload.name, "register");
  EXPECT_TRUE(untouched->spent);
  const std::string text = describe(*untouched);
  EXPECT_THAT(text, HasSubstr("5 nodes, faults at random, and what the workload register draws\n"));
  EXPECT_THAT(text, Not(HasSubstr("0 faults")));
  EXPECT_THAT(text, HasSubstr("faults are still drawn at random: there was no time left to write them down"));
  EXPECT_THAT(text, HasSubstr("operations are still drawn: there was no time left to write them down"));
  EXPECT_THAT(text, HasSubstr("may become smaller yet: the time was up after 0 runs"));

  how.runs_max = 500;
  how.seeds_per_try = 0;
  const auto untried = shrink(plan, seed, how);
  ASSERT_TRUE(untried.ok());
  EXPECT_THAT(describe(*untried),
              HasSubstr("as events they did not fail in the same way with any of 0 seeds"));
  EXPECT_THAT(describe(*untried),
              HasSubstr("one by one they did not fail in the same way with any of 0 seeds"));
  EXPECT_THAT(describe(*untried), Not(HasSubstr("may become smaller yet")));
}

TEST(Shrink, SaysWhenNeitherFaultsNorClientsAreNeeded) {
  Shrunk shrunk;
  shrunk.plan.nodes = 3;
  shrunk.plan.seed = 1;
  shrunk.plan.workload.name = "script";
  EXPECT_THAT(describe(shrunk),
              HasSubstr("what remains: 3 nodes and nothing else: neither faults nor clients are needed\n"));
  shrunk.plan.fault_events.resize(1);
  EXPECT_THAT(describe(shrunk), HasSubstr("what remains: 3 nodes, 1 fault, 0 operations\n"));
  shrunk.plan.fault_events.clear();
  shrunk.plan.workload.operations.resize(2);
  EXPECT_THAT(describe(shrunk), HasSubstr("what remains: 3 nodes, 0 faults, 2 operations\n"));
}

/// Halves of an even cluster that both take themselves for a quorum.
Plan plan_of_halves() {
  Plan plan;
  plan.nodes = 6;
  plan.time_limit = seconds(8);
  plan.load.rate = 50;
  plan.plants = {"R22", "R5"};
  plan.client = {seconds(1), milliseconds(300), false, true};
  plan.fault_events = {{seconds(1), seconds(4), {"partition", "halves", "n1,n3,n5"}}};
  return plan;
}

// Five nodes have no halves, so that one less than six is too few; two have.
TEST(Shrink, TriesFewNodesThoughOneLessIsTooFew) {
  const auto shrunk = shrink(plan_of_halves(), 1, {});
  ASSERT_TRUE(shrunk.ok()) << shrunk.error().message;
  EXPECT_EQ(shrunk->plan.nodes, 2U) << describe(*shrunk);
}

TEST(Shrink, LeavesNoClientWithoutAnOperationAndNoSettingWithoutAnEffect) {
  const auto shrunk = shrink(plan_of_halves(), 1, {});
  ASSERT_TRUE(shrunk.ok()) << shrunk.error().message;
  std::set<std::uint32_t> clients;
  for (const ScriptedOp& op : shrunk->plan.workload.operations) clients.insert(op.client);
  EXPECT_LT(shrunk->plan.load.concurrency, 10U);
  EXPECT_EQ(shrunk->plan.load.concurrency, std::max<std::size_t>(1, clients.size()));
  EXPECT_EQ(shrunk->plan.plants, std::vector<std::string>{"R22"});
  EXPECT_EQ(shrunk->plan.client, ClientPlan());
  EXPECT_EQ(shrunk->plan.load.rate, LoadPlan().rate);
}

TEST(Shrink, TellsOfEveryRun) {
  std::vector<std::string> told;
  ShrinkOptions how;
  how.runs_max = 30;
  how.progress = [&](const std::string& text) { told.push_back(text); };
  const auto shrunk = shrink(plan_of_halves(), 1, how);
  ASSERT_TRUE(shrunk.ok()) << shrunk.error().message;
  EXPECT_EQ(told.size(), shrunk->runs);
  ASSERT_FALSE(told.empty());
  EXPECT_THAT(told.front(), HasSubstr("1 run: 6 nodes, 1 fault, and what the workload register draws"));
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
