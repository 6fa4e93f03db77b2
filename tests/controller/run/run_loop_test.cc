#include "controller/run/run_loop.h"

#include "tests/controller/run/fake_cluster.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace ordeal::testing {
namespace {

using ::testing::Contains;
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

TEST(RunLoop, FollowsAScript) {
  Plan plan = short_plan();
  plan.random_faults.reset();
  plan.fault_events.clear();
  plan.expect_faults = plan.expect_operations = 0;
  plan.workload = WorkloadPlan();
  plan.workload.name = "script";
  plan.workload.operations = {{seconds(1), 1, "write", "a", "x"},
                              {seconds(1), 1, "write", "a", "y"},  // waits for the first
                              {seconds(2), 0, "read", "a", Value()}};
  const Ran ran = drive(plan, 1);
  expect_well_formed(ran.history);
  EXPECT_EQ(count(ran.history, "write", OpType::kOk), 2U);
  EXPECT_EQ(count(ran.history, "read", OpType::kOk), 6U) << "one of the script and five at the end";
  const auto first =
      std::find_if(ran.history.begin(), ran.history.end(), [](const Op& op) { return op.f == "write"; });
  ASSERT_NE(first, ran.history.end());
  EXPECT_EQ(first->value, Value("x"));
  EXPECT_EQ(first->process, ProcessId(1));
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

// --- Outcomes ---------------------------------------------------------------------------------------------

TEST(RunLoop, HistoryOfAGoodClusterIsLinearizableAndThatOfABadOneIsNot) {
  EXPECT_EQ(drive(short_plan(), 1).finding.verdict, Verdict::kValid);
  Script stale;
  stale.stale_of_1000 = 10;
  EXPECT_EQ(drive(short_plan(), 1, stale).finding.verdict, Verdict::kInvalid);
}

TEST(RunLoop, AProcessThatEndedInfoIsFollowedByANewOne) {
  Script script;
  script.lose_of_1000 = 100;
  const Ran ran = drive(short_plan(), 1, script);
  expect_well_formed(ran.history);  // no process goes on after info
  std::set<std::int64_t> clients;
  std::int64_t highest = 0;
  for (const Op& op : ran.history) {
    if (op.process == kNemesisProcess) continue;
    clients.insert(op.process.value() % 10);
    highest = std::max(highest, op.process.value());
    EXPECT_TRUE(op.node == NodeId(static_cast<std::uint32_t>(1 + op.process.value() % 10 % 5))) << "sticky";
  }
  EXPECT_EQ(clients.size(), 10U);
  EXPECT_GT(highest, 20);
  EXPECT_GT(ran.summary.progress.info, 20U);
  EXPECT_EQ(ran.finding.verdict, Verdict::kValid) << ran.finding.why;
}

TEST(RunLoop, RetriesWithASessionLeaveNothingUnknown) {
  Plan plan = short_plan();
  plan.client.retry = true;
  Script script;
  script.lose_of_1000 = 100;
  const Ran ran = drive(plan, 1, script);
  expect_well_formed(ran.history);
  EXPECT_EQ(ran.summary.progress.info, 0U);
  EXPECT_EQ(ran.finding.verdict, Verdict::kValid) << ran.finding.why;
}

TEST(RunLoop, ASilentClusterGivesInfoForWritesAndFailForReads) {
  Script script;
  script.silent_from = seconds(2);
  const Ran ran = drive(short_plan(), 1, script);
  expect_well_formed(ran.history);
  EXPECT_EQ(count(ran.history, "read", OpType::kInfo), 0U);
  EXPECT_GT(count(ran.history, "write", OpType::kInfo), 5U);
  EXPECT_THAT(ran.summary.vacuous, ::testing::Contains(HasSubstr("no final read was answered")));
  EXPECT_LE(ran.open_calls_max, 11U);
}

TEST(RunLoop, RefusalsDoNotSpin) {
  Plan plan = short_plan();
  plan.load.rate = 0;
  Script script;
  script.refuse_of_1000 = 1000;
  script.at_ms[100] = {};
  const Ran none = drive(plan, 1, script);
  EXPECT_THAT(none.summary.vacuous, ElementsAre(HasSubstr("no operation was answered within")));
  script.refuse_of_1000 = 900;
  const Ran ran = drive(plan, 1, script);
  expect_well_formed(ran.history);
  EXPECT_LT(ran.summary.progress.invoked, 2500U) << "10 clients that rest 50 ms after nine of ten";
}

// --- Load -------------------------------------------------------------------------------------------------

TEST(RunLoop, ClosedLoopKeepsToItsRate) {
  const Ran ran = drive(short_plan(), 1);
  const std::size_t invoked =
      count(ran.history, "write", OpType::kInvoke) + count(ran.history, "cas", OpType::kInvoke);
  EXPECT_NEAR(static_cast<double>(invoked), 500, 60);
  for (const Op& op : ran.history) EXPECT_FALSE(op.intended.has_value());
}

TEST(RunLoop, ClosedLoopWithoutARateIsBoundByItsClients) {
  Plan plan = short_plan();
  plan.load.rate = 0;
  const Ran ran = drive(plan, 1);
  EXPECT_GT(ran.summary.progress.ok + ran.summary.progress.fail, 15'000U);
  EXPECT_LE(ran.open_calls_max, 10U);
}

TEST(RunLoop, OpenLoopRecordsPlannedStartsOfAPoissonProcess) {
  Plan plan = short_plan();
  plan.time_limit = seconds(20);
  plan.load.open = true;
  plan.load.concurrency = 4;
  const Ran ran = drive(plan, 1);
  expect_well_formed(ran.history);
  std::vector<double> gaps;
  Duration last;
  for (const Op& op : ran.history) {
    if (op.type != OpType::kInvoke || !op.intended) continue;
    EXPECT_LE(*op.intended, op.time);
    EXPECT_LT(op.time - *op.intended, milliseconds(1)) << "nobody was busy for long";
    gaps.push_back((*op.intended - last).seconds());
    last = *op.intended;
  }
  ASSERT_GT(gaps.size(), 3000U);
  double mean = 0;
  double square = 0;
  for (std::size_t i = 1; i < gaps.size(); ++i) mean += gaps[i];
  mean /= static_cast<double>(gaps.size() - 1);
  for (std::size_t i = 1; i < gaps.size(); ++i) square += (gaps[i] - mean) * (gaps[i] - mean);
  EXPECT_NEAR(mean, 0.005, 0.0004);
  EXPECT_NEAR(square / static_cast<double>(gaps.size()) / (mean * mean), 1.0, 0.15)
      << "exponential: variance is mean squared";
}

TEST(RunLoop, OpenLoopKeepsItsScheduleWhileTheClusterStalls) {
  Plan plan = short_plan();
  plan.load.open = true;
  plan.load.concurrency = 2;
  plan.workload.keys = 64;
  Script slow;
  slow.latency_min = slow.latency_max = milliseconds(400);
  const Ran ran = drive(plan, 1, slow);
  expect_well_formed(ran.history);
  EXPECT_EQ(ran.open_calls_max, 20U) << "ten times concurrency";
  Duration latest;
  for (const Op& op : ran.history) {
    if (op.type == OpType::kInvoke && op.intended) latest = std::max(latest, op.time - *op.intended);
  }
  EXPECT_GT(latest, seconds(1)) << "arrivals that had to wait say so";
  EXPECT_THAT(ran.notes, ::testing::Contains(HasSubstr("behind its schedule")));
}

// --- Faults -----------------------------------------------------------------------------------------------

TEST(RunLoop, AFaultThatIsNotVerifiedIsTakenAwayAndNotCounted) {
  Script script;
  script.outcome = [](const EnvironmentRequest& request) {
    return std::holds_alternative<ApplyFault>(request.verb) ? EnvironmentOutcome::kUnverified
                                                            : EnvironmentOutcome::kVerified;
  };
  const Ran ran = drive(plan_with(event(seconds(1), seconds(2), {"kill", "", "leader"})), 1, script);
  expect_well_formed(ran.history);
  const auto ops = nemesis_ops(ran.history);
  ASSERT_EQ(ops.size(), 4U);
  EXPECT_EQ(ops[1]->type, OpType::kInfo);
  EXPECT_EQ(ops[1]->error, "the script says no");
  EXPECT_EQ(ops[2]->f, "stop-kill");
  EXPECT_EQ(ops[2]->time, ops[1]->time) << "at once";
  EXPECT_EQ(ran.summary.progress.faults_asked, 1U);
  EXPECT_EQ(ran.summary.progress.faults_verified, 0U);
  EXPECT_EQ(ran.summary.progress.faults_healed, 0U);
  EXPECT_THAT(ran.summary.vacuous,
              ElementsAre("0 of 1 faults were verified in force; the plan expects at least 1"));
}

TEST(RunLoop, AFaultThatTheClusterDeclinesIsTakenAwayAndHeldAgainstNobody) {
  Script script;
  script.outcome = [](const EnvironmentRequest& request) {
    const auto* apply = std::get_if<ApplyFault>(&request.verb);
    const bool declines = apply != nullptr && std::holds_alternative<TransferFault>(apply->spec);
    return declines ? EnvironmentOutcome::kDeclined : EnvironmentOutcome::kVerified;
  };
  Plan plan = plan_with(event(seconds(1), seconds(1), {"transfer", "", "follower"}));
  plan.fault_events.push_back(event(seconds(3), seconds(1), {"pause", "", "one"}));
  const Ran ran = drive(plan, 1, script);
  expect_well_formed(ran.history);
  EXPECT_EQ(count(ran.history, "start-transfer", OpType::kInfo), 1U);
  EXPECT_NE(nemesis_ops(ran.history)[1]->value.find("declined"), nullptr);
  EXPECT_EQ(count(ran.history, "stop-transfer", OpType::kOk), 1U) << "it may have begun";
  EXPECT_THAT(ran.notes, ::testing::Contains(HasSubstr("declined: transfer to ")));
  EXPECT_EQ(ran.summary.progress.faults_verified, 1U);
  EXPECT_THAT(ran.summary.vacuous, IsEmpty());
  plan.expect_faults = 2;
  EXPECT_THAT(drive(plan, 1, script).summary.vacuous,
              ElementsAre("1 of 2 faults were verified in force; the plan expects at least 2"));
}

TEST(RunLoop, AFaultThatIsUnsupportedNeedsNoRemoval) {
  Script script;
  script.outcome = [](const EnvironmentRequest& request) {
    return std::holds_alternative<ApplyFault>(request.verb) ? EnvironmentOutcome::kUnsupported
                                                            : EnvironmentOutcome::kVerified;
  };
  const Ran ran = drive(plan_with(event(seconds(1), seconds(2), {"pause", "", "one"})), 1, script);
  EXPECT_EQ(nemesis_ops(ran.history).size(), 2U);
}

TEST(RunLoop, ARemovalThatIsNotSeenIsTriedAgain) {
  Script script;
  int removals = 0;
  script.outcome = [&](const EnvironmentRequest& request) {
    const bool fails = std::holds_alternative<RemoveFault>(request.verb) && ++removals < 3;
    return fails ? EnvironmentOutcome::kFailed : EnvironmentOutcome::kVerified;
  };
  const Ran ran = drive(plan_with(event(seconds(1), seconds(1), {"pause", "", "one"})), 1, script);
  expect_well_formed(ran.history);
  EXPECT_EQ(removals, 3);
  EXPECT_EQ(count(ran.history, "stop-pause", OpType::kInfo), 2U);
  EXPECT_EQ(count(ran.history, "stop-pause", OpType::kOk), 1U);
  EXPECT_EQ(ran.summary.progress.faults_healed, 1U);
}

TEST(RunLoop, AFaultInForceAtTheEndOfTheLoadIsRemovedBeforeTheHeal) {
  Script script;
  script.fault_latency = seconds(2);  // in force at 3 s, two more seconds would end it after the load
  const Ran ran =
      drive(plan_with(event(seconds(1), seconds(4), {"partition", "halves", "leader"})), 1, script);
  const auto ops = nemesis_ops(ran.history);
  ASSERT_EQ(ops.size(), 4U);
  EXPECT_EQ(ops[3]->type, OpType::kOk);
  const auto heal =
      std::find_if(ran.history.begin(), ran.history.end(), [](const Op& op) { return op.f == "heal"; });
  ASSERT_NE(heal, ran.history.end());
  EXPECT_GE(heal->time, ops[3]->time);
}

TEST(RunLoop, AHealThatFailsIsTriedAgain) {
  Script script;
  int heals = 0;
  script.outcome = [&](const EnvironmentRequest& request) {
    const bool fails = std::holds_alternative<HealAll>(request.verb) && ++heals < 3;
    return fails ? EnvironmentOutcome::kUnverified : EnvironmentOutcome::kVerified;
  };
  const Ran ran = drive(short_plan(), 1, script);
  expect_well_formed(ran.history);
  EXPECT_EQ(count(ran.history, "heal", OpType::kInfo), 2U);
  EXPECT_TRUE(ran.summary.healed);
  EXPECT_THAT(ran.summary.vacuous, IsEmpty());
}

TEST(RunLoop, AHealThatIsNeverVerifiedMakesTheRunVacuous) {
  Script script;
  script.outcome = [](const EnvironmentRequest& request) {
    return std::holds_alternative<HealAll>(request.verb) ? EnvironmentOutcome::kFailed
                                                         : EnvironmentOutcome::kVerified;
  };
  const Ran ran = drive(short_plan(), 1, script);
  EXPECT_FALSE(ran.summary.healed);
  EXPECT_EQ(count(ran.history, "heal", OpType::kInvoke), 4U);
  EXPECT_THAT(ran.summary.vacuous, ElementsAre("the final heal was not verified"));
}

TEST(RunLoop, AnEnvironmentThatNeverAnswersDoesNotHangTheRun) {
  Script script;
  script.environment_answers = false;
  const Ran ran = drive(plan_with(event(seconds(1), seconds(1), {"pause", "", "one"})), 1, script);
  expect_well_formed(ran.history);
  EXPECT_FALSE(ran.summary.healed);
  EXPECT_EQ(ran.summary.progress.faults_verified, 0U);
}

TEST(RunLoop, ExplicitEventsOverlapAndSpareThoseThatAreDown) {
  Plan plan = plan_with(event(seconds(1), seconds(3), {"kill", "", "majority"}));
  plan.fault_events.push_back(event(seconds(2), seconds(2), {"pause", "", "all"}));
  const Ran ran = drive(plan, 1);
  std::set<std::string> struck;
  for (const Op* op : nemesis_ops(ran.history)) {
    if (op->type != OpType::kInvoke || op->f.starts_with("stop")) continue;
    for (const Value& node : *op->value.find("nodes")->as_list())
      EXPECT_TRUE(struck.insert(*node.as_string()).second);
  }
  EXPECT_EQ(struck.size(), 5U);
}

NodeEvent elected(std::uint32_t node) {
  return {NodeId(node), NodeEventKind::kLeaderElected, "leader"};
}

FaultEvent when_elected(FaultTrigger trigger, Duration at = {}) {
  return {at, seconds(1), {"kill", "", std::string(kThatNode)}, std::move(trigger)};
}

/// Strikes as "time node" of the faults that began, in whole milliseconds of the run.
std::vector<std::string> strikes(const Ran& ran) {
  std::vector<std::string> all;
  for (const Op* op : nemesis_ops(ran.history)) {
    if (op->type == OpType::kInvoke && op->f.starts_with("start"))
      all.push_back(fmt::format("{} {}", op->time.ms(), *op->value.find("target")->as_string()));
  }
  return all;
}

TEST(RunLoop, AFaultThatWaitsStrikesInTheStepThatIsTold) {
  Script script;
  script.at_ms[1500] = {elected(3)};
  script.at_ms[2000] = {elected(4)};
  const Ran ran = drive(plan_with(when_elected({NodeEventKind::kLeaderElected})), 1, script);
  expect_well_formed(ran.history);
  EXPECT_THAT(strikes(ran), ElementsAre("1500 n3"));
  EXPECT_EQ(*nemesis_ops(ran.history).front()->value.find("when"), Value("leader-elected"));
  EXPECT_EQ(ran.summary.progress.faults_healed, 1U);
}

TEST(RunLoop, AFaultThatWaitsCountsAndDelays) {
  Script script;
  script.at_ms[1000] = {elected(1)};
  script.at_ms[1500] = {elected(3), elected(5)};
  const Ran ran =
      drive(plan_with(when_elected({NodeEventKind::kLeaderElected, "", 3, milliseconds(200)})), 1, script);
  EXPECT_THAT(strikes(ran), ElementsAre("1700 n5"));
}

TEST(RunLoop, WhatHappensBeforeTheLoadOrAfterItDoesNotCount) {
  Script script;
  script.at_ms[0] = {elected(1)};
  script.at_ms[5500] = {elected(2)};
  Plan plan = plan_with(when_elected({NodeEventKind::kLeaderElected}));
  plan.expect_faults = 0;
  const Ran ran = drive(plan, 1, script);
  EXPECT_THAT(strikes(ran), IsEmpty());
  EXPECT_THAT(ran.notes, Contains("never came: leader-elected, for which kill waited"));
}

TEST(RunLoop, AnEventThatCannotBeIsRecordedAndSkipped) {
  Plan plan = plan_with(event(seconds(1), seconds(9), {"kill", "", "all"}));
  plan.time_limit = seconds(12);
  plan.fault_events.push_back(event(seconds(2), seconds(1), {"pause", "", "one"}));
  const Ran ran = drive(plan, 1);
  expect_well_formed(ran.history);
  EXPECT_EQ(count(ran.history, "start-pause", OpType::kInfo), 1U);
  EXPECT_EQ(count(ran.history, "stop-pause", OpType::kInvoke), 0U);
  EXPECT_EQ(ran.summary.progress.faults_asked, 2U);
}

TEST(RunLoop, ARunBelowItsPlansExpectationIsVacuous) {
  Plan plan = short_plan();
  plan.expect_operations = 5000;
  EXPECT_THAT(drive(plan, 1).summary.vacuous, ElementsAre(HasSubstr("the plan expects at least 5000")));
}

// --- Ends -------------------------------------------------------------------------------------------------

TEST(RunLoop, WithoutALeaderItGivesUp) {
  Script script;
  script.has_leader = false;
  const Ran ran = drive(short_plan(), 1, script);
  EXPECT_THAT(ran.history, IsEmpty());
  EXPECT_THAT(ran.summary.vacuous, ElementsAre("no leader within 30.000s"));
  EXPECT_LE(ran.took, seconds(31));
}

TEST(RunLoop, WithALeaderThatAnswersNobodyItGivesUp) {
  Script script;
  script.silent_from = Duration();
  const Ran ran = drive(short_plan(), 1, script);
  EXPECT_THAT(ran.summary.vacuous,
              ElementsAre(HasSubstr("no operation was answered within 30.000s, though n1 leads")));
}

TEST(RunLoop, AnInterruptHealsReadsAndFinishes) {
  Script script;
  script.at_ms[3000] = {Interrupt{}};
  Plan plan = default_plan();
  plan.fault_events.push_back(event(seconds(1), seconds(30), {"pause", "", "one"}));
  const Ran ran = drive(plan, 1, script);
  expect_well_formed(ran.history);
  EXPECT_LE(ran.took, seconds(10));
  EXPECT_TRUE(ran.summary.healed);
  EXPECT_GE(ran.summary.progress.faults_verified, 1U);
  EXPECT_EQ(ran.summary.progress.faults_healed, ran.summary.progress.faults_verified);
  EXPECT_THAT(ran.summary.vacuous, ::testing::Contains("interrupted in phase load"));
  EXPECT_EQ(ran.history.back().f, "read");
}

TEST(RunLoop, AnInterruptBeforeTheLoadEndsTheRun) {
  Script script;
  script.at_ms[50] = {Interrupt{}};
  const Ran ran = drive(short_plan(), 1, script);
  EXPECT_THAT(ran.history, IsEmpty());
  EXPECT_THAT(ran.summary.vacuous, ElementsAre("interrupted in phase starting"));
}

TEST(RunLoop, ASecondInterruptLeavesTheReadsOut) {
  Script script;
  script.at_ms[3000] = {Interrupt{}};
  script.at_ms[3010] = {Interrupt{}};
  const Ran ran = drive(short_plan(), 1, script);
  expect_well_formed(ran.history);
  EXPECT_TRUE(ran.summary.healed) << "but never the heal";
  EXPECT_THAT(ran.summary.vacuous, ::testing::Contains(HasSubstr("no final read")));
}

TEST(RunLoop, ALostAgentMakesTheRunVacuousButDoesNotEndIt) {
  Script script;
  script.at_ms[2000] = {Trouble{NodeId(4), "its agent was lost: connection refused"}};
  const Ran ran = drive(short_plan(), 1, script);
  EXPECT_EQ(ran.summary.progress.elapsed, seconds(5));
  EXPECT_THAT(ran.summary.vacuous, ElementsAre("n4: its agent was lost: connection refused"));
}

TEST(RunLoop, StrayInputsAreIgnored) {
  Script script;
  script.at_ms[1000] = {
      CallReply{CallId(999'999), 200, "{}"}, CallClosed{CallId(999'999), true, "x"},
      EnvironmentResult{
          .id = EnvironmentRequestId(77), .reason = "", .earliest = {}, .latest = {}, .measured = {}}};
  NodeObservation stranger;
  stranger.node = NodeId(9);
  stranger.role = "leader";
  stranger.reachable = true;
  script.at_ms[1000].emplace_back(stranger);
  const Ran ran = drive(short_plan(), 1, script);
  EXPECT_THAT(ran.summary.vacuous, IsEmpty());
  EXPECT_EQ(ran.summary.progress.leader, NodeId(1));
}

// --- Random runs ------------------------------------------------------------------------------------------

Plan random_plan(Rng& rng) {
  Plan plan = default_plan();
  plan.time_limit = seconds(rng.between(5, 20));
  plan.load.open = rng.chance(1, 3);
  plan.load.concurrency = static_cast<std::uint32_t>(rng.between(1, 20));
  plan.load.rate = static_cast<std::uint32_t>(rng.between(20, 300));
  plan.client.retry = rng.chance(1, 2);
  plan.client.sticky = rng.chance(1, 2);
  plan.workload.unique_values = rng.chance(3, 4);
  plan.workload.operations_per_key = static_cast<std::uint32_t>(rng.between(10, 200));
  if (rng.chance(1, 2)) plan.fault_events.push_back({seconds(1), seconds(3), {"kill", "", "all"}});
  return plan;
}

Script random_script(Rng& rng) {
  Script script;
  script.latency_max = milliseconds(rng.between(1, 300));
  script.lose_of_1000 = static_cast<std::uint32_t>(rng.below(30));
  script.refuse_of_1000 = static_cast<std::uint32_t>(rng.below(200));
  script.fault_latency = milliseconds(rng.between(0, 3000));
  if (rng.chance(1, 4)) script.silent_from = seconds(rng.between(1, 20));
  if (rng.chance(1, 4)) script.at_ms[rng.between(0, 20'000)] = {Interrupt{}};
  Rng outcomes = rng.split("outcomes");
  script.outcome = [outcomes](const EnvironmentRequest&) mutable {
    return outcomes.chance(1, 5) ? EnvironmentOutcome::kUnverified : EnvironmentOutcome::kVerified;
  };
  return script;
}

TEST(RunLoop, EveryRandomRunIsWellFormedEndsAndIsLinearizable) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const Plan plan = random_plan(rng);
    ASSERT_TRUE(check_plan(plan).ok());
    const Script script = random_script(rng);
    const Ran ran = drive(plan, seed, script);
    expect_well_formed(ran.history);
    EXPECT_EQ(ran.summary.progress.phase, RunPhase::kDone);
    EXPECT_EQ(ran.summary.progress.open, 0U);
    EXPECT_NE(ran.finding.verdict, Verdict::kInvalid) << ran.finding.why;
    EXPECT_LE(ran.open_calls_max, 10 * plan.load.concurrency + 1);
    EXPECT_LE(ran.summary.progress.faults_healed, ran.summary.progress.faults_verified);
    EXPECT_LE(ran.summary.progress.faults_verified, ran.summary.progress.faults_asked);
  }
}

}  // namespace
}  // namespace ordeal::testing
