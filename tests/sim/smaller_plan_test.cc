#include "sim/smaller_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace ordeal::sim {
namespace {

using ::testing::ElementsAre;

ScriptedOp write_at(Duration at, std::uint32_t client) {
  return {at, client, "write", "r1", Value("x")};
}

Plan script(std::vector<ScriptedOp> operations) {
  Plan plan;
  plan.time_limit = seconds(20);
  plan.expect_faults = 0;
  plan.workload.name = "script";
  plan.workload.operations = std::move(operations);
  return plan;
}

std::vector<std::uint32_t> clients_in(const Plan& plan) {
  std::vector<std::uint32_t> clients;
  for (const ScriptedOp& op : plan.workload.operations) clients.push_back(op.client);
  return clients;
}

TEST(SmallerPlan, EndsWithItsFaultsCutShort) {
  Plan plan = script({write_at(seconds(1), 0), write_at(seconds(5), 0)});
  plan.fault_events = {{seconds(1), seconds(8), {"kill", "", "leader"}},
                       {milliseconds(3950), seconds(1), {"kill", "", "one"}}};
  plan.fault_events.push_back({seconds(1), seconds(2), {"pause", "", "one"}, FaultTrigger{}});
  plan.fault_events[2].trigger->after = seconds(2);
  const Plan ended = ended_at(plan, seconds(4));
  EXPECT_EQ(ended.time_limit, seconds(4));
  ASSERT_EQ(ended.fault_events.size(), 2U);
  EXPECT_EQ(ended.fault_events[0].length, seconds(3));
  EXPECT_EQ(ended.fault_events[1].length, seconds(1)) << "it waits for two seconds";
  EXPECT_EQ(ended.workload.operations.size(), 1U);
}

TEST(SmallerPlan, IsBroughtForwardButForItsLead) {
  Plan plan = script({write_at(seconds(7), 0)});
  plan.fault_events = {{seconds(5), seconds(1), {"kill", "", "leader"}}};
  const Plan forward = brought_forward(plan, milliseconds(200));
  EXPECT_EQ(forward.fault_events[0].at, milliseconds(200));
  EXPECT_EQ(forward.workload.operations[0].at, milliseconds(2200));
  EXPECT_EQ(forward.time_limit, milliseconds(15'200));
}

TEST(SmallerPlan, IsItsLastPart) {
  Plan plan = script({write_at(seconds(16), 0), write_at(seconds(18), 0)});
  plan.fault_events = {{seconds(1), seconds(2), {"kill", "", "leader"}},
                       {seconds(15), seconds(4), {"kill", "", "one"}},
                       {seconds(19), seconds(1), {"kill", "", "follower"}}};
  plan.fault_events.push_back({seconds(16), seconds(2), {"pause", "", "one"}, FaultTrigger{}});
  const Plan last = last_part_of(plan, seconds(3));
  EXPECT_EQ(last.time_limit, seconds(3));
  ASSERT_EQ(last.workload.operations.size(), 1U);
  EXPECT_EQ(last.workload.operations[0].at, seconds(1));
  ASSERT_EQ(last.fault_events.size(), 3U);
  EXPECT_EQ(last.fault_events[0].at, seconds(0));
  EXPECT_EQ(last.fault_events[0].length, seconds(2));
  EXPECT_EQ(last.fault_events[1].at, seconds(2));
  EXPECT_EQ(last.fault_events[2].length, seconds(2)) << "it has yet to come";
}

TEST(SmallerPlan, LosesAGapInTheMiddleOfAFault) {
  Plan plan = script({write_at(seconds(2), 0), write_at(seconds(8), 0)});
  plan.fault_events = {{seconds(1), seconds(8), {"kill", "", "leader"}}};
  plan.time_limit = seconds(10);
  const std::vector<Gap> gaps = find_gaps(plan, seconds(2));
  ASSERT_EQ(gaps.size(), 1U);
  const Plan less = with_gap_of(plan, gaps[0], seconds(1));
  EXPECT_EQ(less.workload.operations[1].at, seconds(3));
  EXPECT_EQ(less.fault_events[0].length, seconds(3));
  EXPECT_EQ(less.time_limit, seconds(5));
}

TEST(SmallerPlan, RoundsItsTimesAndHasRoomForThem) {
  Plan plan = script({write_at(milliseconds(1960), 0)});
  plan.time_limit = milliseconds(1970);
  plan.fault_events = {{milliseconds(930), milliseconds(1020), {"kill", "", "leader"}}};
  const Plan round = rounded(plan, milliseconds(100));
  EXPECT_EQ(round.workload.operations[0].at, seconds(2));
  EXPECT_EQ(round.fault_events[0].at, milliseconds(900));
  EXPECT_EQ(round.fault_events[0].length, seconds(1));
  EXPECT_EQ(round.time_limit, seconds(2));
}

TEST(SmallerPlan, OnFewerNodesKeepsTheFaultsThatCanBe) {
  Plan plan = script({});
  plan.nodes = 5;
  for (const auto& [fault, shape, target] :
       std::vector<std::array<const char*, 3>>{{"kill", "", "n2,n5"},
                                               {"kill", "", "n4"},
                                               {"partition", "halves", "n1,n2"},
                                               {"partition", "halves", "n1,n2,n3"},
                                               {"partition", "majority-ring", ""},
                                               {"pause", "", "leader"}})
    plan.fault_events.push_back({seconds(1), seconds(1), {fault, shape, target}});
  FaultEvent waiting{seconds(1), seconds(1), {"kill", "", std::string(kThatNode)}, FaultTrigger{}};
  waiting.trigger->node = "n4,n1";
  plan.fault_events.push_back(waiting);
  waiting.trigger->node = "n4";
  plan.fault_events.push_back(waiting);
  const Plan fewer = on_nodes(plan, 3);
  std::vector<std::string> targets;
  for (const FaultEvent& event : fewer.fault_events) targets.push_back(event.request.target);
  EXPECT_THAT(targets, ElementsAre("n2", "n1,n2", "leader", "that-node"));
  EXPECT_EQ(fewer.fault_events.back().trigger->node, "n1");
  EXPECT_TRUE(check_plan(fewer).ok());
}

TEST(SmallerPlan, ClientsKeepToTheirNodes) {
  // Of five nodes: clients of n1, n2, n1 again, n5 and n2 again.
  Plan plan = script({write_at(seconds(1), 0), write_at(seconds(1), 1), write_at(seconds(1), 5),
                      write_at(seconds(1), 4), write_at(seconds(1), 6)});
  plan.nodes = 3;
  const Plan kept = clients_at_their_nodes(plan, 5);
  const std::vector<std::uint32_t> clients = clients_in(kept);
  EXPECT_EQ(std::set<std::uint32_t>(clients.begin(), clients.end()).size(), clients.size());
  EXPECT_EQ(clients[0] % 3, 0U);
  EXPECT_EQ(clients[1] % 3, 1U);
  EXPECT_EQ(clients[2] % 3, 0U);
  EXPECT_EQ(clients[4] % 3, 1U);
  EXPECT_TRUE(check_plan(kept).ok()) << check_plan(kept).error().message;
}

TEST(SmallerPlan, FewerClientsAreNumberedFromZero) {
  Plan plan = script({write_at(seconds(1), 7), write_at(seconds(1), 11), write_at(seconds(1), 7)});
  plan.nodes = 3;
  plan.load.concurrency = 20;
  std::vector<std::vector<std::uint32_t>> numbers;
  for (const Plan& fewer : with_fewer_clients(plan)) {
    EXPECT_TRUE(check_plan(fewer).ok()) << check_plan(fewer).error().message;
    numbers.push_back(clients_in(fewer));
    EXPECT_EQ(fewer.load.concurrency, 1 + *std::max_element(numbers.back().begin(), numbers.back().end()));
  }
  EXPECT_THAT(numbers, ElementsAre(ElementsAre(0, 0, 0), ElementsAre(0, 1, 0), ElementsAre(1, 2, 1),
                                   ElementsAre(7, 11, 7)));
  EXPECT_THAT(with_fewer_clients(script({}))[0].load.concurrency, 1U);
}

TEST(SmallerPlan, FewerClientsOfADrawnWorkload) {
  Plan plan;
  plan.load.concurrency = 3;
  std::vector<std::uint32_t> left;
  for (const Plan& fewer : with_fewer_clients(plan)) left.push_back(fewer.load.concurrency);
  EXPECT_THAT(left, ElementsAre(1, 2));
}

TEST(SmallerPlan, HasItsChainsMended) {
  const auto cas = [](std::int64_t at, Value expected, Value next) {
    return ScriptedOp{seconds(at), 0, "cas", "r1", Value::List{std::move(expected), std::move(next)}};
  };
  ScriptedOp elsewhere = write_at(seconds(1), 0);
  elsewhere.key = "r2";
  const Plan mended = with_chains_mended(
      script({cas(5, "d", "e"), cas(1, {}, "a"), elsewhere, cas(3, "b", "c"), cas(4, "a", "d")}));
  std::vector<std::string> values;
  for (const ScriptedOp& op : mended.workload.operations) values.push_back(to_text(op.value));
  EXPECT_THAT(values, ElementsAre(R"([nil "a"])", R"("x")", R"(["a" "c"])", R"(["a" "d"])", R"(["d" "e"])"));
}

TEST(SmallerPlan, HasLateFaults) {
  Plan plan = script({});
  plan.time_limit = seconds(5);
  plan.fault_events = {{seconds(1), seconds(2), {"kill", "", "leader"}},
                       {seconds(3), seconds(2), {"kill", "", "one"}}};
  plan.fault_events.push_back({seconds(1), seconds(1), {"pause", "", "one"}, FaultTrigger{}});
  const Plan late = with_late_faults(plan, milliseconds(100));
  EXPECT_EQ(late.fault_events[0].at, milliseconds(1100));
  EXPECT_EQ(late.fault_events[0].length, seconds(2));
  EXPECT_EQ(late.fault_events[1].length, milliseconds(1800)) << "from 3.1s to 4.9s";
  EXPECT_EQ(late.fault_events[2].at, seconds(1));
  EXPECT_EQ(late.fault_events[2].trigger->after, milliseconds(100));
}

TEST(SmallerPlan, HasNothingOfTheSimulator) {
  Plan plan = default_plan();
  plan.sim.loss = 10;
  plan.random_faults->kinds = {"kill", "power"};
  plan.fault_events = {{seconds(1), seconds(1), {"disk", "slow", "leader"}},
                       {seconds(1), seconds(1), {"kill", "", "leader"}}};
  FaultEvent waiting{seconds(1), seconds(1), {"kill", "", "leader"}, FaultTrigger{}};
  plan.fault_events.push_back(waiting);
  waiting.trigger->kind = NodeEventKind::kBeforeSync;
  plan.fault_events.push_back(waiting);
  const Plan real = without_simulator(plan);
  EXPECT_EQ(real.sim, SimPlan());
  EXPECT_THAT(real.random_faults->kinds, ElementsAre("kill"));
  ASSERT_EQ(real.fault_events.size(), 2U);
  EXPECT_EQ(real.fault_events[1].trigger->kind, NodeEventKind::kLeaderElected);
  plan.random_faults->kinds = {"power"};
  EXPECT_FALSE(without_simulator(plan).random_faults);
}

}  // namespace
}  // namespace ordeal::sim
