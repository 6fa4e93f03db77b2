#include "controller/cli/plan_options.h"

#include "tests/support/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Plan> parse(std::vector<std::string> arguments) {
  CLI::App app;
  PlanOptions options;
  add_plan_options(app, options);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back.
  app.parse(arguments);
  const Result<MadePlan> made = make_plan(options);
  if (!made.ok()) return made.error();
  return made->plan;
}

TEST(PlanOptions, WithoutFlagsIsTheDefaultPlan) {
  const Result<Plan> plan = parse({});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(*plan, default_plan());
}

TEST(PlanOptions, FlagsOutrankTheFile) {
  const test::TemporaryDirectory directory;
  const std::string file = directory.write("p.yaml", "version: 1\nname: mine\nnodes: 3\ntime_limit: 20s\n");
  const Result<Plan> plan = parse({"--plan", file, "--nodes", "7", "--seed", "9", "--time-limit", "30s"});
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->name, "mine");
  EXPECT_EQ(plan->nodes, 7U);
  EXPECT_EQ(plan->seed, 9U);
  EXPECT_EQ(plan->time_limit, seconds(30));
}

TEST(PlanOptions, NemesisReplacesKinds) {
  const Result<Plan> plan = parse({"--nemesis", "kill,pause"});
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_THAT(plan->random_faults->kinds, ElementsAre("kill", "pause"));
}

TEST(PlanOptions, NemesisNoneExpectsNoFault) {
  const Result<Plan> plan = parse({"--nemesis", "none"});
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_FALSE(plan->random_faults.has_value());
  EXPECT_EQ(plan->expect_faults, 0U);
}

TEST(PlanOptions, SaysWhatIsWrong) {
  EXPECT_THAT(parse({"--plan", "/nonexistent/plan.yaml"}).error().message,
              HasSubstr("/nonexistent/plan.yaml"));
  EXPECT_THAT(parse({"--plan", "/"}).error().message, HasSubstr("it is a directory"));
  EXPECT_THAT(parse({"--time-limit", "banana"}).error().message, HasSubstr("--time-limit"));
  EXPECT_THAT(parse({"--nodes", "0"}).error().message, HasSubstr("nodes"));
  EXPECT_THAT(parse({"--nemesis", "flood"}).error().message, HasSubstr("flood"));
  EXPECT_THAT(parse({"--protocol", "zab"}).error().message, HasSubstr("raft"));
}

}  // namespace
}  // namespace ordeal::cli
