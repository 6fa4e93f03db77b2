#include "sim/write_out.h"

#include "controller/run/parts.h"
#include "sim/simulation.h"

#include <gtest/gtest.h>

namespace ordeal::sim {
namespace {

Plan plan_with_random_faults() {
  Plan plan = default_plan();
  plan.time_limit = seconds(15);
  plan.load.rate = 60;
  return plan;
}

// The proof that nothing of what was drawn is missing: every event in the world is the same again.
TEST(WriteOut, FaultsAsEventsMakeTheSameRun) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Plan plan = plan_with_random_faults();
    plan.load.open = seed % 2 == 0;
    plan.fault_events = {{seconds(3), seconds(1), {"transfer", "", "follower"}}};
    const auto drawn = simulate(plan, seed, {});
    ASSERT_TRUE(drawn.ok()) << drawn.error().message;
    plan.fault_events = write_out_faults(plan, seed, drawn->history, Targets::kAsDrawn);
    plan.random_faults.reset();
    EXPECT_GE(plan.fault_events.size(), 4U);
    const auto again = simulate(plan, seed, {});
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(again->trace_hash, drawn->trace_hash) << "seed " << seed;
    EXPECT_EQ(again->summary.progress.faults_asked, drawn->summary.progress.faults_asked);
  }
}

TEST(WriteOut, NamesTheNodesThatWereStruck) {
  Plan plan = plan_with_random_faults();
  plan.random_faults = RandomFaults{{"partition", "kill", "pause"}, {"isolate-one"}, {"leader"}};
  const auto drawn = simulate(plan, 7, {});
  ASSERT_TRUE(drawn.ok()) << drawn.error().message;
  const auto events = write_out_faults(plan, 7, drawn->history, Targets::kByName);
  ASSERT_GE(events.size(), 2U);
  for (const FaultEvent& event : events) {
    EXPECT_NE(parse_node_name(event.request.target), kNoNode) << event.request.target;
    // The history says whom it struck: as one of the nodes, or in every link that was cut.
    bool found = false;
    for (const Op& op : drawn->history) {
      if (op.f != "start-" + event.request.fault || op.type != OpType::kInvoke) continue;
      found = found || to_text(op.value).find('"' + event.request.target + '"') != std::string::npos;
    }
    EXPECT_TRUE(found) << event.request.fault << " " << event.request.target;
  }
}

TEST(WriteOut, OperationsAsAScriptComeAtTheSameMomentsFromTheSameClients) {
  for (const bool open : {false, true}) {
    Plan plan = plan_with_random_faults();
    plan.load.open = open;
    const auto drawn = simulate(plan, 3, {});
    ASSERT_TRUE(drawn.ok()) << drawn.error().message;
    Plan written = plan;
    written.workload = WorkloadPlan();
    written.workload.name = "script";
    written.workload.operations = write_out_operations(plan, 3, drawn->history);
    written.load.open = false;
    written.load.concurrency = clients_max(plan);
    const auto again = simulate(written, 3, {});
    ASSERT_TRUE(again.ok()) << again.error().message;
    std::size_t same = 0;
    for (std::size_t i = 0; i < again->history.size() && i < drawn->history.size(); ++i) {
      const Op& a = drawn->history[i];
      const Op& b = again->history[i];
      if (a.time != b.time || a.f != b.f || a.node != b.node || a.type != b.type) break;
      ++same;
    }
    EXPECT_GE(same, 2 * written.workload.operations.size()) << "every invocation and how it ended";
  }
}

}  // namespace
}  // namespace ordeal::sim
