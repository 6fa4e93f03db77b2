#include "sim/simulation.h"

#include "node/raft/entry.h"
#include "sim/hunt.h"
#include "sim/swarm.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace ordeal::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

SimResult run(const Plan& plan, std::uint64_t seed) {
  auto result = simulate(plan, seed, {});
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return *std::move(result);
}

/// Twenty seconds of the default plan, with these faults alone.
Plan plan_of_events(std::vector<FaultEvent> events) {
  Plan plan = default_plan();
  plan.random_faults.reset();
  plan.time_limit = seconds(20);
  plan.fault_events = std::move(events);
  plan.expect_faults = static_cast<std::uint32_t>(plan.fault_events.size());
  return plan;
}

TEST(Simulation, RunsTheDefaultPlanAsItIs) {
  const SimResult result = run(default_plan(), 1);
  EXPECT_EQ(result.outcome, Outcome::kGood) << result.why;
  EXPECT_THAT(result.summary.vacuous, IsEmpty());
  EXPECT_TRUE(result.counts());
  EXPECT_TRUE(check_well_formed(result.history).ok());
  EXPECT_GE(result.summary.progress.faults_verified, 8U);
  EXPECT_EQ(result.summary.progress.faults_healed, result.summary.progress.faults_verified);
}

TEST(Simulation, RepeatsBitForBit) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Plan plan = draw_plan({}, seed);
    const SimResult once = run(plan, seed);
    const SimResult again = run(plan, seed);
    EXPECT_EQ(once.trace_hash, again.trace_hash) << "seed " << seed;
    EXPECT_EQ(once.history, again.history) << "seed " << seed;
    EXPECT_NE(once.trace_hash, run(plan, seed + 1000).trace_hash) << "seed " << seed;
  }
}

TEST(Simulation, FindsNothingWrongWithTheProtocolAsItIs) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const SimResult result = run(draw_plan({}, seed), seed);
    EXPECT_EQ(result.outcome, Outcome::kGood) << "seed " << seed << ": " << result.kind << ": " << result.why;
  }
}

/// The first seed that fails with the plant on, up to `seeds_max`.
std::string find(const std::string& plant, std::uint64_t seeds_max) {
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    SwarmOptions options;
    options.plants = {plant};
    const SimResult result = run(draw_plan(options, seed), seed);
    if (result.bad()) return result.kind;
  }
  return "";
}

TEST(Simulation, FindsPlantedBugsAndNamesWhatTheyBreak) {
  EXPECT_EQ(find("R5", 30), "linearizable");
  EXPECT_EQ(find("R10", 30), "quorum-durability");
  EXPECT_NE(find("R11", 60), "");
  EXPECT_EQ(find("R12", 60), "leader-completeness");
  EXPECT_EQ(find("R19", 60), "linearizable");
  EXPECT_EQ(find("R20", 30), "quorum-durability");
}

TEST(Simulation, NamesTheGuiltyOperationsOfABadHistory) {
  SwarmOptions options;
  options.plants = {"R5"};
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const SimResult result = run(draw_plan(options, seed), seed);
    if (result.outcome != Outcome::kHistory) continue;
    ASSERT_FALSE(result.findings.empty());
    ASSERT_FALSE(result.findings.front().witnesses.empty());
    EXPECT_FALSE(result.findings.front().witnesses.front().stuck.empty());
    return;
  }
  FAIL() << "no bad history in 60 seeds";
}

// No plan damages what a node has written, so this test does it: a record of n2 before its second start.
TEST(Simulation, CallsANodeThatRefusesItsOwnDataByName) {
  const Plan plan = plan_of_events({{seconds(3), seconds(2), {"kill", "", "n2"}}});
  SimOptions how;
  int starts = 0;
  how.before_start = [&](NodeId node, DiskStorage& disk) {
    if (node != NodeId(2) || ++starts < 2) return;
    Batch damage;
    damage.put(Space::kLog, Bytes(raft::kHardStateKey), "rubbish");
    disk.apply(std::move(damage), disk.applied_at_open());
  };
  const auto result = simulate(plan, 1, how);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->bad());
  EXPECT_EQ(result->outcome, Outcome::kNode) << result->why;
  EXPECT_EQ(to_text(result->outcome), "node");
  EXPECT_EQ(result->kind, "node-refused");
  EXPECT_THAT(result->why, HasSubstr("n2 refuses its own data: the record of term and vote does not parse"));
  EXPECT_THAT(result->why, HasSubstr(fmt::format("at {}: ", to_text(*result->broken_at - MonotonicTime()))));
  EXPECT_GT(*result->broken_at, MonotonicTime() + seconds(5));
  EXPECT_EQ(std::count(result->marks.begin(), result->marks.end(), Mark::kSyncErrorEndedNode), 0);
  HuntTally tally;
  tally.add(*result);
  EXPECT_EQ(tally.bad(), 1U);
  EXPECT_THAT(tally.text(1.0), HasSubstr("node node-refused: 1 seeds"));
}

// Nothing damages messages here either, so this test gives n2 an entry that nobody wrote: what the leader
// sends does not follow from it.
TEST(Simulation, CallsAMessageThatMakesNoSenseAViolation) {
  const Plan plan = plan_of_events({{seconds(3), seconds(2), {"kill", "", "n2"}}});
  SimOptions how;
  how.invariants = false;  // They would look into the log and see it there.
  int starts = 0;
  how.before_start = [&](NodeId node, DiskStorage& disk) {
    if (node != NodeId(2) || ++starts < 2) return;
    std::optional<raft::Entry> last;
    const Status read = disk.view().scan(Space::kLog, raft::entry_key(LogIndex(1)), raft::kEntryKeysEnd,
                                         [&](std::string_view key, std::string_view value) {
                                           last = raft::decode_entry(*raft::parse_entry_key(key), value);
                                           return true;
                                         });
    ASSERT_TRUE(read.ok() && last);
    last->index = last->index + 1;
    last->data = "rubbish";
    last->chain = link(last->chain, *last);
    Batch damage;
    damage.put(Space::kLog, raft::entry_key(last->index), raft::encode_entry(*last));
    disk.apply(std::move(damage), disk.applied_at_open());
  };
  const auto result = simulate(plan, 1, how);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->outcome, Outcome::kInvariant) << result->why;
  EXPECT_EQ(result->kind, "sound-messages");
  EXPECT_THAT(result->why, HasSubstr("n2: entries up to "));
}

// The leader itself cannot be handed leadership, and nobody can be removed when nobody would be left: the
// cluster declines, as on real nodes, and the run has not seen the faults that it expects.
TEST(Simulation, DoesNotCountWhatTheClusterDeclines) {
  // Where a majority is dead nobody hands over, and nobody changes members.
  Plan plan = plan_of_events({{seconds(2), milliseconds(100), {"transfer", "", "n1"}},
                              {seconds(4), seconds(14), {"kill", "", "n2,n3"}},
                              {seconds(6), milliseconds(100), {"transfer", "", "n1"}},
                              {seconds(7), seconds(1), {"members", "remove", "n2"}}});
  plan.nodes = 3;
  const SimResult result = run(plan, 1);
  EXPECT_FALSE(result.bad()) << result.why;
  EXPECT_EQ(result.summary.progress.faults_verified, 2U);
  EXPECT_THAT(result.summary.vacuous, ::testing::Contains(HasSubstr("faults")));
}

TEST(Simulation, TakesATransferToWhoLeadsForDone) {
  const SimResult result = run(plan_of_events({{seconds(2), milliseconds(100), {"transfer", "", "n1"}},
                                               {seconds(6), milliseconds(100), {"transfer", "", "n1"}}}),
                               1);
  EXPECT_EQ(result.summary.progress.faults_verified, 2U);
}

// Each is undone by itself: when n1 may vote again, n2 still may not.
TEST(Simulation, CombinesMembersFaultsThatOverlap) {
  struct Members : Spectator {
    void happened(MonotonicTime /*at*/, NodeId /*node*/, const Event& event) override {
      if (event.name == "membership") seen.push_back(event.text);
    }
    std::vector<std::string> seen;
  } members;
  SimOptions how;
  how.spectator = &members;
  const auto result = simulate(plan_of_events({{seconds(3), seconds(7), {"members", "remove", "n1"}},
                                               {seconds(5), seconds(10), {"members", "remove", "n2"}}}),
                               1, how);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->summary.progress.faults_verified, 2U);
  EXPECT_THAT(members.seen, ::testing::Contains(HasSubstr("voters n3 n4 n5")));
  EXPECT_THAT(members.seen, ::testing::Contains(HasSubstr("voters n1 n3 n4 n5")));
}

TEST(Simulation, TellsPowerLossFromAKill) {
  Plan plan = default_plan();
  plan.random_faults.reset();
  plan.time_limit = seconds(20);
  plan.expect_faults = 1;
  const auto took_writes = [&](const char* fault) {
    plan.fault_events = {{seconds(3), seconds(2), {fault, "", "all"}}};
    bool took = false;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const SimResult result = run(plan, seed);
      EXPECT_EQ(result.outcome, Outcome::kGood) << fault << ", seed " << seed << ": " << result.why;
      EXPECT_EQ(result.summary.progress.faults_verified, 1U) << fault << ", seed " << seed;
      took = took || std::count(result.marks.begin(), result.marks.end(), Mark::kPowerTookWrites) > 0;
    }
    return took;
  };
  EXPECT_FALSE(took_writes("kill"));
  EXPECT_TRUE(took_writes("power"));
}

TEST(Simulation, SaysWhenAPlanGoesBeyondWhatTheProtocolPromises) {
  Plan plan = plan_of_events(
      {{seconds(3), seconds(10), {"disk", "lie", "all"}}, {seconds(6), seconds(2), {"power", "", "all"}}});
  std::string beyond;
  bool bad = false;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const SimResult result = run(plan, seed);
    if (!result.beyond_promise) continue;
    beyond = *result.beyond_promise;
    bad = bad || result.bad();
  }
  EXPECT_THAT(beyond, HasSubstr("lost power with"));
  EXPECT_TRUE(bad) << "what was acknowledged is gone, and nobody noticed";
  plan.fault_events.front().request.shape = "slow";
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    EXPECT_FALSE(run(plan, seed).beyond_promise) << "seed " << seed;
}

TEST(Simulation, EndsANodeThatCannotReadItsLogAndBringsItBackAfterwards) {
  const Plan plan = plan_of_events(
      {{seconds(3), seconds(8), {"disk", "unreadable", "n2"}}, {seconds(5), seconds(2), {"kill", "", "n2"}}});
  const SimResult result = run(plan, 1);
  EXPECT_EQ(result.outcome, Outcome::kGood) << result.kind << ": " << result.why;
  EXPECT_EQ(result.summary.progress.faults_verified, 2U);
  EXPECT_EQ(result.summary.progress.faults_healed, 2U);
}

TEST(Simulation, SurvivesClogsNarrowLinesAndLossyClients) {
  Plan plan = plan_of_events({{seconds(2), seconds(4), {"packets", "clog", "leader"}},
                              {seconds(7), seconds(4), {"packets", "throttle", "all"}},
                              {seconds(12), seconds(3), {"disk", "lie", "all"}},
                              {seconds(13), seconds(1), {"kill", "", "all"}}});
  plan.sim.client_loss = 100;
  plan.sim.client_delay_max = milliseconds(20);
  plan.client.operation_timeout = seconds(1);
  const SimResult result = run(plan, 1);
  EXPECT_EQ(result.outcome, Outcome::kGood) << result.kind << ": " << result.why;
  EXPECT_EQ(result.summary.progress.faults_verified, 4U);
  EXPECT_GT(result.summary.progress.info, 20U) << "a lost request or answer leaves the outcome unknown";
  EXPECT_FALSE(result.beyond_promise);
}

// The probe looks at the clock, and not at what was asked for.
TEST(Simulation, DoesNotTakeAClockForFastThatAnotherFaultHoldsBack) {
  const Plan plan = plan_of_events(
      {{seconds(3), seconds(4), {"clock", "slow", "n1"}}, {seconds(4), seconds(1), {"clock", "fast", "n1"}}});
  const SimResult result = run(plan, 1);
  EXPECT_EQ(result.summary.progress.faults_asked, 2U);
  EXPECT_EQ(result.summary.progress.faults_verified, 1U);
}

TEST(Simulation, JudgesTheHistoryOfARunThatAnInvariantStopped) {
  SwarmOptions options;
  options.plants = {"R10"};
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const SimResult result = run(draw_plan(options, seed), seed);
    if (result.outcome != Outcome::kInvariant) continue;
    EXPECT_FALSE(result.findings.empty());
    return;
  }
  FAIL() << "no invariant broken in 30 seeds";
}

// A fault that ends takes no other with it.
TEST(Simulation, KeepsANodeDownWhenAnotherFaultOfItEnds) {
  Plan plan = default_plan();
  plan.random_faults.reset();
  plan.time_limit = seconds(12);
  plan.load.rate = 50;
  plan.fault_events = {{seconds(1), seconds(3), {"disk", "slow", "n1"}},
                       {seconds(2), seconds(8), {"kill", "", "n1"}}};
  const SimResult result = run(plan, 1);
  EXPECT_EQ(result.outcome, Outcome::kGood) << result.why;
  for (const Op& op : result.history) {
    const bool down = op.time > seconds(4) && op.time < seconds(9);
    EXPECT_FALSE(down && op.type == OpType::kOk && op.node == NodeId(1))
        << "n1 answered at " << to_text(op.time);
  }
}

// A change of members that nobody could carry out when it was asked for is not forgotten.
TEST(Simulation, AsksTheNextLeaderForOtherMembers) {
  Plan plan = default_plan();
  plan.random_faults.reset();
  plan.time_limit = seconds(15);
  plan.fault_events = {{seconds(2), seconds(3), {"kill", "", "all"}},
                       {seconds(3), seconds(9), {"members", "remove", "n2"}}};
  const SimResult result = run(plan, 1);
  EXPECT_EQ(result.outcome, Outcome::kGood) << result.why;
  EXPECT_EQ(std::count(result.marks.begin(), result.marks.end(), Mark::kMembersChanged), 1);
}

// A learner that needs a snapshot of 60,000 bytes in parts of 20 executes nothing for a minute.
TEST(Simulation, WaitsForASnapshotThatComesInSmallParts) {
  std::string text = R"(
version: 1
name: slow-snapshot
protocol: raft
nodes: 3
time_limit: 12s
faults:
  events:
    - {at: 1s, for: 10500ms, fault: members, shape: remove, target: one}
node: {election-timeout: 150ms, heartbeat: 50ms, snapshot-chunk-bytes: 20, snapshot-every: 10, snapshot-keep: 5}
sim: {delay: [10ms, 20ms]}
expect: {operations: 0, faults: 0}
workload:
  name: script
  operations:
)";
  for (int i = 0; i < 60; ++i) {
    text += fmt::format("    - {{at: {}ms, client: {}, f: write, key: k{}, value: {}}}\n", 500 + 100 * i,
                        i % 4, i, std::string(1000, 'v'));
  }
  const Result<Plan> plan = parse_plan(text, "slow-snapshot");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const SimResult result = run(*plan, seed);
    EXPECT_EQ(result.outcome, Outcome::kGood) << "seed " << seed << ": " << result.kind << ": " << result.why;
  }
}

TEST(Simulation, DoesNotCompareWithALogThatASnapshotReplaced) {
  std::ifstream file(std::string(ORDEAL_SOURCE_DIR) + "/tests/sim/plans/replaced_log.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const Result<Plan> plan = parse_plan(text, "replaced-log");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  const SimResult result = run(*plan, 1516);
  EXPECT_EQ(result.outcome, Outcome::kGood) << result.kind << ": " << result.why;
  EXPECT_THAT(result.marks, ::testing::Contains(Mark::kSnapshotInstalled));
}

TEST(Simulation, RefusesAPlanThatTheNodeWouldRefuse) {
  Plan plan = default_plan();
  plan.node_flags["heartbeat"] = "5s";
  const auto result = simulate(plan, 1, {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(result.error().message, HasSubstr("heartbeat"));
  plan = default_plan();
  plan.plants = {"R99"};
  EXPECT_FALSE(simulate(plan, 1, {}).ok());
  for (const char* flag : {"append-bytes-max", "inflight-messages-max", "snapshot-chunk-bytes"}) {
    plan = default_plan();
    plan.node_flags[flag] = "0";
    EXPECT_FALSE(simulate(plan, 1, {}).ok()) << flag;
  }
}

}  // namespace
}  // namespace ordeal::sim
