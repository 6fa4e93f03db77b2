#include "controller/run/run_loop.h"

#include "tests/controller/run/fake_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace ordeal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::size_t count(const History& history, std::string_view f, OpType type) {
  return static_cast<std::size_t>(std::count_if(history.begin(), history.end(),
                                                [&](const Op& op) { return op.f == f && op.type == type; }));
}

void expect_well_formed(const History& history) {
  const Status status = check_well_formed(history);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
}

FaultEvent event(Duration at, Duration length, FaultRequest request) {
  return {at, length, std::move(request)};
}

TEST(RunLoop, RunsThePhasesInOrderAndCounts) {
  const Ran ran = drive(short_plan(), 1);
  expect_well_formed(ran.history);
  EXPECT_THAT(ran.summary.vacuous, IsEmpty());
  EXPECT_TRUE(ran.summary.healed);
  EXPECT_EQ(ran.summary.progress.phase, RunPhase::kDone);
  EXPECT_EQ(ran.summary.progress.elapsed, seconds(5));
  EXPECT_EQ(ran.summary.progress.open, 0U);
  EXPECT_GT(ran.summary.progress.ok, 800U);
  EXPECT_EQ(count(ran.history, "heal", OpType::kOk), 1U);
}

TEST(RunLoop, IsAFunctionOfItsInputs) {
  Plan plan = default_plan();
  Script script;
  script.lose_of_1000 = 5;
  const Ran a = drive(plan, 7, script);
  const Ran b = drive(plan, 7, script);
  EXPECT_EQ(a.history, b.history);
  EXPECT_EQ(a.notes, b.notes);
  const Ran other = drive(plan, 8, script);
  EXPECT_NE(a.history, other.history);
}

TEST(RunLoop, DefaultPlanHasRoomForItsFaultsAndOperations) {
  const Ran ran = drive(default_plan(), 3);
  EXPECT_THAT(ran.summary.vacuous, IsEmpty());
  EXPECT_GE(ran.summary.progress.faults_verified, 8U);
  EXPECT_EQ(ran.summary.progress.faults_healed, ran.summary.progress.faults_verified);
  EXPECT_GE(ran.summary.progress.ok + ran.summary.progress.fail, 20'000U);
}

std::vector<const Op*> nemesis_ops(const History& history) {
  std::vector<const Op*> ops;
  for (const Op& op : history) {
    if (op.process == kNemesisProcess && op.f != "heal") ops.push_back(&op);
  }
  return ops;
}

Plan plan_with(FaultEvent fault) {
  Plan plan = short_plan();
  plan.fault_events.push_back(std::move(fault));
  plan.expect_faults = 1;
  return plan;
}

TEST(RunLoop, RecordsAFaultWithBoundsAndCountsItsLengthFromVerified) {
  const Ran ran = drive(plan_with(event(seconds(1), seconds(2), {"partition", "isolate-one", "leader"})), 1);
  expect_well_formed(ran.history);
  const auto ops = nemesis_ops(ran.history);
  ASSERT_EQ(ops.size(), 4U);
  EXPECT_EQ(ops[0]->f, "start-partition");
  EXPECT_EQ(ops[0]->type, OpType::kInvoke);
  EXPECT_EQ(ops[0]->value.find("cuts")->as_list()->size(), 8U);
  EXPECT_EQ(*ops[0]->value.find("target"), Value("leader"));
  EXPECT_EQ(ops[1]->type, OpType::kOk);
  EXPECT_EQ(*ops[1]->value.find("earliest"), Value(ops[0]->time.ns()));
  EXPECT_EQ(*ops[1]->value.find("latest"), Value(ops[1]->time.ns()));
  EXPECT_EQ(ops[2]->f, "stop-partition");
  EXPECT_EQ(ops[2]->time - ops[1]->time, seconds(2));
  EXPECT_EQ(ops[3]->type, OpType::kOk);
  EXPECT_EQ(ran.summary.progress.faults_healed, 1U);
}

}  // namespace
}  // namespace ordeal::testing
