#include "controller/run/plan.h"

#include "common/prng.h"
#include "controller/run/plan_rules.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Plan parsed(std::string_view text) {
  const auto plan = parse_plan(text, "plan.yaml");
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().message);
  return plan.ok() ? *plan : Plan();
}

std::string refusal(std::string_view text) {
  const auto plan = parse_plan(text, "plan.yaml");
  if (plan.ok()) return "accepted";
  EXPECT_EQ(plan.error().code, ErrorCode::kInvalidArgument);
  return plan.error().message;
}

// --- What is read -----------------------------------------------------------------------------------------

TEST(Plan, OnlyTheVersionIsNeeded) {
  Plan plain;
  plain.expect_faults = 0;  // no faults, none owed
  EXPECT_EQ(parsed("version: 1"), plain);
}

TEST(Plan, ReadsEveryKey) {
  const Plan plan = parsed(R"(
version: 1
name: everything
protocol: raft
nodes: 3
time_limit: 90s
seed: 18446744073709551615
workload: {name: register, keys: 4, operations_per_key: 50, concurrency_per_key: 3, values: small, mix: {read: 1, cas: 9}}
load: {mode: open, concurrency: 7, rate: 50}
client: {operation_timeout: 3s, attempt_timeout: 250ms, retry: true, sticky: false}
faults:
  random: {kinds: [kill], shapes: [], targets: [leader], gap: [1s, 2s], duration: [1500ms, 1m]}
  events:
    - {at: 5s, for: 4s, fault: partition, shape: halves, target: leader}
    - {at: 6s, for: 1s, fault: kill, target: "n1,n3"}
node: {snapshot-every: 200, pre-vote: false, election-timeout: 500ms}
plants: [R5, R12]
expect: {operations: 10, faults: 2}
)");
  EXPECT_EQ(plan.name, "everything");
  EXPECT_EQ(plan.nodes, 3U);
  EXPECT_EQ(plan.time_limit, seconds(90));
  EXPECT_EQ(plan.seed, 18446744073709551615U);
  EXPECT_EQ(plan.workload.keys, 4U);
  EXPECT_FALSE(plan.workload.unique_values);
  EXPECT_EQ(plan.workload.write_weight, 0U) << "what a mix leaves out is left out";
  EXPECT_EQ(plan.workload.cas_weight, 9U);
  EXPECT_TRUE(plan.load.open);
  EXPECT_EQ(plan.load.rate, 50U);
  EXPECT_TRUE(plan.client.retry);
  EXPECT_FALSE(plan.client.sticky);
  EXPECT_EQ(plan.client.attempt_timeout, milliseconds(250));
  ASSERT_TRUE(plan.random_faults.has_value());
  EXPECT_EQ(plan.random_faults->duration_max, seconds(60));
  ASSERT_EQ(plan.fault_events.size(), 2U);
  EXPECT_EQ(plan.fault_events[0].request, (FaultRequest{"partition", "halves", "leader"}));
  EXPECT_EQ(plan.fault_events[1].request, (FaultRequest{"kill", "", "n1,n3"}));
  EXPECT_EQ(plan.fault_events[1].length, seconds(1));
  EXPECT_EQ(plan.node_flags.at("snapshot-every"), "200");
  EXPECT_EQ(plan.node_flags.at("pre-vote"), "false");
  EXPECT_EQ(plan.plants, (std::vector<std::string>{"R5", "R12"}));
  EXPECT_EQ(plan.expect_faults, 2U);
}

// --- What is refused, to the letter -----------------------------------------------------------------------

struct Refused {
  const char* text;
  const char* message;
};

class PlanErrors : public ::testing::TestWithParam<Refused> {};

TEST_P(PlanErrors, NameFileLineAndWhatIsAllowed) {
  EXPECT_EQ(refusal(GetParam().text), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, PlanErrors,
    ::testing::Values(
        Refused{"version: 1\nworkload:\n  keys: 3\n  shpae: 4",
                "plan.yaml:4: unknown key 'shpae'; allowed: name, keys, "
                "operations_per_key, concurrency_per_key, values, operations, mix"},
        Refused{"version: 1\nfaults:\n  events:\n    - {at: 1s, for: 1s, fault: partition,\n   "
                "    shpae: halves}",
                "plan.yaml:5: unknown key 'shpae'; allowed: at, when, node, count, after, for, fault, shape, "
                "target"},
        Refused{"version: 1\nnodes: 3\nload: {}\nnodes: 5",
                "plan.yaml:4: key 'nodes' stands twice, first in line 2"},
        Refused{"nodes: 3", "plan.yaml:1: the plan lacks 'version: 1'"},
        Refused{"version: 2", "plan.yaml:1: version is '2'; this program reads version 1"},
        Refused{"", "plan.yaml:1: the plan is empty; write at least 'version: 1'"},
        Refused{"- version", "plan.yaml:1: the plan must be a map, not a list"},
        Refused{"version: 1\n---\nversion: 1", "plan.yaml:3: a second document; a plan is one"},
        Refused{"version: 1\n? [a]\n: b", "plan.yaml:2: a key must be a single value, not a list"},
        Refused{"version: 1\nfaults: {events: [{at: 1s, fault: kill}]}",
                "plan.yaml:2: faults.events[0] lacks 'for'; an event has at or when, for, fault, and "
                "shape, target where they apply"}));

INSTANTIATE_TEST_SUITE_P(
    Types, PlanErrors,
    ::testing::Values(
        Refused{"version: 1\nnodes: five", "plan.yaml:2: nodes must be a whole number from 0, not 'five'"},
        Refused{"version: 1\nnodes: -1", "plan.yaml:2: nodes must be a whole number from 0, not '-1'"},
        Refused{"version: 1\nnodes: 2.5", "plan.yaml:2: nodes must be a whole number from 0, not '2.5'"},
        Refused{"version: 1\nnodes: 4294967296",
                "plan.yaml:2: nodes is 4294967296; allowed: up to 4294967295"},
        Refused{"version: 1\nnodes: [5]", "plan.yaml:2: nodes must be a single value, not a list"},
        Refused{"version: 1\nseed: 18446744073709551616",
                "plan.yaml:2: seed is 18446744073709551616; allowed: up to 18446744073709551615"},
        Refused{"version: 1\nworkload: register", "plan.yaml:2: workload must be a map, not a value"},
        Refused{"version: 1\nload:", "plan.yaml:2: load must be a map, not nothing"},
        Refused{"version: 1\nplants: R5", "plan.yaml:2: plants must be a list, not a value"},
        Refused{"version: 1\ntime_limit: 60",
                "plan.yaml:2: time_limit: '60' is not a duration; write a number and h, m, s, ms, us or ns, "
                "such as 500ms or 1.5s"},
        Refused{"version: 1\nload: {mode: half}", "plan.yaml:2: load.mode is 'half'; allowed: open, closed"},
        Refused{"version: 1\nclient: {retry: maybe}",
                "plan.yaml:2: client.retry is 'maybe'; allowed: true, false"},
        Refused{"version: 1\nfaults: {random: {gap: 3s}}",
                "plan.yaml:2: faults.random.gap must be a list, not a value"},
        Refused{"version: 1\nfaults: {random: {gap: [3s]}}",
                "plan.yaml:2: faults.random.gap must be a pair such as [1s, 3s]"}));

INSTANTIATE_TEST_SUITE_P(
    Ranges, PlanErrors,
    ::testing::Values(
        Refused{"version: 1\nnodes: 0", "plan.yaml:2: nodes is 0; allowed: 1 to 9"},
        Refused{"version: 1\n\nnodes: 10", "plan.yaml:3: nodes is 10; allowed: 1 to 9"},
        Refused{"version: 1\ntime_limit: 999ms", "plan.yaml:2: time_limit is 999ms; allowed: 1s to 24h"},
        Refused{"version: 1\nworkload:\n  keys: 0", "plan.yaml:3: workload.keys is 0; allowed: 1 to 1024"},
        Refused{"version: 1\nload:\n  concurrency: 1001",
                "plan.yaml:3: load.concurrency is 1001; allowed: 1 to 1000"},
        Refused{"version: 1\nclient:\n  operation_timeout: 1ms",
                "plan.yaml:3: client.operation_timeout is 1ms; allowed: 10ms to 10m"},
        Refused{"version: 1\nfaults: {events: [{at: 1s, for: 0s, fault: kill}]}",
                "plan.yaml:2: faults.events[0].for is 0s; allowed: 100ms and more"},
        Refused{"version: 1\nfaults:\n  random:\n    gap: [3s, 1s]",
                "plan.yaml:4: faults.random.gap is [3s, 1s], the wrong way round"},
        Refused{"version: 1\ntime_limit: 1s\nfaults:\n  random: {}",
                "plan.yaml:4: faults.random.gap is [1s, 3s]; allowed: up to time_limit, which is 1s"}));

INSTANTIATE_TEST_SUITE_P(
    Names, PlanErrors,
    ::testing::Values(
        Refused{"version: 1\nname: a/b",
                "plan.yaml:2: name is 'a/b'; allowed: 1 to 64 of A-Z a-z 0-9 . _ -, not . or - first"},
        Refused{"version: 1\nprotocol: paxos", "plan.yaml:2: protocol is 'paxos'; allowed: raft"},
        Refused{"version: 1\nworkload: {name: bank}",
                "plan.yaml:2: workload.name is 'bank'; allowed: register, script"},
        Refused{"version: 1\nfaults:\n  events:\n    - {at: 1s, for: 1s, fault: kill}\n    - {at: 1s, for: "
                "1s, fault: quake}",
                "plan.yaml:5: faults.events[1] cannot be: unknown fault 'quake'; allowed: partition, kill, "
                "pause, power, clock, packets, disk, transfer, members"},
        Refused{"version: 1\nfaults: {events: [{at: 1s, for: 1s, fault: partition, shape: third}]}",
                "plan.yaml:2: faults.events[0] cannot be: unknown shape 'third'; allowed: isolate-one, "
                "halves, majority-ring, bridge, "
                "one-way, random"},
        Refused{"version: 1\nfaults: {events: [{at: 1s, for: 1s, fault: kill, target: n7}]}",
                "plan.yaml:2: faults.events[0] cannot be: target 'n7' names n7, but the nodes are n1 to n5"},
        Refused{"version: 1\nfaults: {random: {kinds: [quake]}}",
                "plan.yaml:2: faults.random.kinds is 'quake'; allowed: partition, kill, pause, power, clock, "
                "packets, disk, transfer, members"},
        Refused{
            "version: 1\nnode:\n  snapshot-evry: 5",
            "plan.yaml:3: node.snapshot-evry is no flag of ordeal-node; allowed: on-follower, read-mode, "
            "snapshot-every, "
            "snapshot-keep, snapshot-chunk-bytes, append-bytes-max, inflight-messages-max, election-timeout, "
            "heartbeat, pre-vote, check-quorum, clock-drift-max, request-timeout, storage, log-level"},
        Refused{
            "version: 1\nnode:\n  data: /tmp",
            "plan.yaml:3: node.data is set by the run itself; allowed: on-follower, read-mode, "
            "snapshot-every, "
            "snapshot-keep, snapshot-chunk-bytes, append-bytes-max, inflight-messages-max, election-timeout, "
            "heartbeat, pre-vote, check-quorum, clock-drift-max, request-timeout, storage, log-level"},
        Refused{"version: 1\nnode:\n  snapshot-every: lots",
                "plan.yaml:3: node.snapshot-every is 'lots'; allowed: a whole number of entries"},
        Refused{"version: 1\nnode: {heartbeat: 1.5s}",
                "plan.yaml:2: node.heartbeat is '1.5s'; allowed: a duration such as 250us, 100ms, 5s or 2m"},
        Refused{"version: 1\nnode: {read-mode: stale}",
                "plan.yaml:2: node.read-mode is 'stale'; allowed: read-index, lease, log"},
        Refused{"version: 1\nplants: [r5]",
                "plan.yaml:2: plants has 'r5'; allowed: a letter and a number, such as R5"},
        Refused{"version: 1\nplants: [R5, R5]", "plan.yaml:2: plants has R5 twice"}));

INSTANTIATE_TEST_SUITE_P(
    Scripts, PlanErrors,
    ::testing::Values(
        Refused{"version: 1\nworkload:\n  operations:\n    - {at: 1s, f: read, key: a}",
                "plan.yaml:3: workload.operations are for the workload script alone"},
        Refused{"version: 1\nworkload:\n  name: script\n  operations:\n    - {at: 1s, f: jump, key: a}",
                "plan.yaml:5: workload.operations[0].f is 'jump'; allowed: read, write, cas"},
        Refused{
            "version: 1\nworkload:\n  name: script\n  operations:\n    - {at: 1s, f: cas, key: a, value: b}",
            "plan.yaml:5: workload.operations[0].value does not fit: none for read, a text for write, "
            "[expected, new] for cas"},
        Refused{"version: 1\nworkload:\n  name: script\n  operations:\n    - {at: 2m, f: read, key: a}",
                "plan.yaml:5: workload.operations[0].at is 2m; allowed: up to time_limit, which is 1m"},
        Refused{"version: 1\nworkload:\n  name: script\n  operations:\n    - {client: 10, f: read, key: a}",
                "plan.yaml:5: workload.operations[0].client is 10; load.concurrency has clients 0 to 9"},
        Refused{"version: 1\nload: {mode: open}\nworkload: {name: script}",
                "plan.yaml:2: load.mode is open, but a script has its own times"},
        Refused{"version: 1\nsim: {loss: 1001}", "plan.yaml:2: sim.loss is 1001; allowed: 0 to 1000"},
        Refused{"version: 1\nsim: {delay: [2ms, 1ms]}",
                "plan.yaml:2: sim.delay is [2ms, 1ms], the wrong way round"}));

TEST(Plan, ReadsAScriptAndMachinesOfTheSimulatorBackAsTheyWerePrinted) {
  Plan plan;
  plan.name = "script";
  plan.workload = WorkloadPlan();
  plan.workload.name = "script";
  plan.workload.operations = {{milliseconds(5), 0, "write", "k", "v \"quoted\""},
                              {milliseconds(7), 1, "read", "k", Value()},
                              {seconds(1), 2, "cas", "k", Value::List{Value(), "w"}}};
  plan.sim.loss = 7;
  plan.sim.overtaking = true;
  plan.expect_faults = 0;
  const auto read = parse_plan(print_plan(plan), "plan");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, plan);
}

INSTANTIATE_TEST_SUITE_P(
    Contradictions, PlanErrors,
    ::testing::Values(
        Refused{"version: 1\ntime_limit: 10s\nfaults:\n  events:\n    - {at: 8s, for: 3s, fault: kill}",
                "plan.yaml:5: faults.events[0] lasts until 11s, beyond time_limit 10s"},
        Refused{"version: 1\nload:\n  concurrency: 40",
                "plan.yaml:3: load.concurrency is 40, but workload.keys x workload.concurrency_per_key "
                "leaves room for 32 open "
                "operations; raise keys"},
        Refused{"version: 1\nload: {mode: open, rate: 0}",
                "plan.yaml:2: load.rate is 0, but an open loop needs a rate; allowed: 1 to 1000000"},
        Refused{"version: 1\nclient:\n  retry: true\n  operation_timeout: 500ms",
                "plan.yaml:2: client.attempt_timeout is 1s, not below operation_timeout 500ms: nothing would "
                "ever be retried"},
        Refused{"version: 1\nworkload:\n  mix: {read: 0}",
                "plan.yaml:3: workload.mix has no weight above 0; give read, write or cas one"},
        Refused{"version: 1\nfaults: {events: [{at: 1s, for: 1s, fault: kill, shape: halves}]}",
                "plan.yaml:2: faults.events[0] cannot be: kill takes no shape"},
        Refused{"version: 1\nfaults:\n  random: {shapes: [isolate-one], targets: [minority]}",
                "plan.yaml:3: faults.random.kinds has partition, but none of its shapes and targets fit each "
                "other and 5 nodes"},
        Refused{"version: 1\nnodes: 3\nfaults:\n  random: {shapes: [majority-ring]}",
                "plan.yaml:4: faults.random.kinds has partition, but none of its shapes and targets fit each "
                "other and 3 nodes"},
        Refused{"version: 1\nfaults: {events: [{at: 1s, for: 1s, fault: transfer, target: minority}]}",
                "plan.yaml:2: faults.events[0] cannot be: target minority is no single node that may take "
                "over; transfer takes follower, one, that-node after a when, or the name of one node"},
        Refused{"version: 1\nnodes: 1\nfaults: {events: [{at: 1s, for: 1s, fault: transfer}]}",
                "plan.yaml:3: faults.events[0] cannot be: transfer needs at least 2 nodes: there is nobody "
                "to hand over to"},
        Refused{"version: 1\nexpect: {faults: 1}",
                "plan.yaml:2: expect.faults is 1, but the plan has no faults; set it to 0"}));

INSTANTIATE_TEST_SUITE_P(
    Triggers, PlanErrors,
    ::testing::Values(
        Refused{"version: 1\nfaults:\n  events:\n    - for: 1s\n      when: leader-fell\n      fault: kill",
                "plan.yaml:5: faults.events[0].when is 'leader-fell'; allowed: leader-elected, "
                "leader-stepped-down, election-started, vote-granted, term-changed, entry-appended, "
                "entry-committed, log-cut, log-compacted, snapshot-started, snapshot-installed, "
                "members-changed, transfer-started, node-started, before-sync, after-sync"},
        Refused{"version: 1\nfaults:\n  events:\n    - for: 1s\n      fault: kill",
                "plan.yaml:4: faults.events[0] lacks 'at'; an event has at or when, for, fault, and shape, "
                "target where they apply"},
        Refused{
            "version: 1\nfaults:\n  events:\n    - at: 1s\n      for: 1s\n      fault: kill\n      count: 2",
            "plan.yaml:7: faults.events[0].count is for an event that waits; give it a 'when' too"},
        Refused{
            "version: 1\nfaults:\n  events:\n    - at: 1s\n      for: 1s\n      node: n1\n      fault: kill",
            "plan.yaml:6: faults.events[0].node is for an event that waits; give it a 'when' too"},
        Refused{
            "version: 1\nfaults:\n  events:\n    - when: leader-elected\n      for: 1s\n      node: "
            "follower\n"
            "      fault: kill",
            "plan.yaml:6: faults.events[0].node is 'follower'; leader-elected allows: nodes of n1 to n5 such "
            "as n1,n3"},
        Refused{
            "version: 1\nnodes: 3\nfaults:\n  events:\n    - when: before-sync\n      for: 1s\n"
            "      node: n4\n      fault: kill",
            "plan.yaml:7: faults.events[0].node is 'n4'; before-sync allows: leader, follower, candidate, "
            "learner, or nodes of n1 to n3 such as n1,n3"},
        Refused{"version: 1\nfaults:\n  events:\n    - when: leader-elected\n      for: 1s\n      count: 0\n"
                "      fault: kill",
                "plan.yaml:6: faults.events[0].count is 0; allowed: 1 to 1000000"},
        Refused{
            "version: 1\nfaults:\n  events:\n    - {when: leader-elected, after: 59500ms, for: 1s, fault: "
            "kill}",
            "plan.yaml:4: faults.events[0] lasts until 60500ms, beyond time_limit 1m"},
        Refused{"version: 1\nfaults:\n  events:\n    - {at: 1s, for: 1s, fault: kill, target: that-node}",
                "plan.yaml:4: faults.events[0] cannot be: unknown target 'that-node'; allowed: leader, "
                "follower, minority, majority, one, all, or nodes such as n1,n3"}));

TEST(Plan, ReadsTriggersBackAsTheyWerePrinted) {
  const Plan plan = parsed(
      "version: 1\nfaults:\n  events:\n"
      "    - {when: leader-elected, for: 1s, fault: kill, target: that-node}\n"
      "    - {when: before-sync, node: follower, count: 7, after: 20us, at: 2s, for: 1s, fault: power, "
      "target: that-node}\n"
      "    - {when: vote-granted, node: \"n2,n4\", for: 1s, fault: partition, shape: isolate-one, target: "
      "leader}\n");
  ASSERT_EQ(plan.fault_events.size(), 3U);
  EXPECT_EQ(plan.fault_events[0].trigger, FaultTrigger{NodeEventKind::kLeaderElected});
  EXPECT_EQ(plan.fault_events[0].at, Duration());
  EXPECT_EQ(plan.fault_events[1].trigger,
            (FaultTrigger{NodeEventKind::kBeforeSync, "follower", 7, microseconds(20)}));
  EXPECT_EQ(plan.fault_events[2].trigger, (FaultTrigger{NodeEventKind::kVoteGranted, "n2,n4"}));
  EXPECT_EQ(parsed(print_plan(plan)), plan);
}

TEST(Plan, SaysWhatOnlyTheSimulatorCanDoAndWhere) {
  const auto problem = [](const std::string& event) {
    const std::string text = "version: 1\nfaults:\n  events:\n    - at: 0s\n      for: 1s\n" + event;
    const auto found = find_problem_of_real_nodes(parsed(text));
    return found ? fmt::format("{}: {} {}", line_in_plan(text, found->path), found->path, found->message)
                 : std::string();
  };
  EXPECT_EQ(problem("      fault: kill\n      when: leader-elected\n"), "");
  EXPECT_EQ(problem("      fault: kill\n      when: before-sync\n"),
            "7: faults.events[0].when is before-sync, which only the simulator can see");
  EXPECT_EQ(problem("      fault: power\n      when: leader-elected\n"),
            "6: faults.events[0].fault is power, which is for the simulator alone");
  EXPECT_EQ(problem("      fault: transfer\n      target: follower\n"), "");
  EXPECT_EQ(problem("      fault: members\n      shape: demote\n      target: leader\n"), "");
}

TEST(Plan, SyntaxErrorsNameTheLine) {
  EXPECT_THAT(refusal("version: 1\nnodes: [1, 2\nname: x"), StartsWith("plan.yaml:3: not YAML: "));
  EXPECT_THAT(refusal("version: 1\n\tnodes: 3"), StartsWith("plan.yaml:2: not YAML: "));
  EXPECT_THAT(refusal(std::string_view("version: 1\n\0", 12)), StartsWith("plan.yaml:"));
}

TEST(Plan, HostileTextsAreRefusedInTime) {
  EXPECT_THAT(refusal(std::string(2'000'000, 'a')), HasSubstr("a plan has at most 1048576"));
  EXPECT_THAT(refusal("version: 1\nname: " + std::string(100'000, '[')), StartsWith("plan.yaml:"));
  std::string laughs = "version: 1\na0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) laughs += fmt::format("a{0}: &a{0} [*a{1}, *a{1}]\n", i, i - 1);
  EXPECT_THAT(refusal(laughs), HasSubstr("unknown key 'a0'"));
  EXPECT_THAT(refusal("version: 1\nplants: &p [*p]"), StartsWith("plan.yaml:"));
}

// --- Print, and plans that flags change -------------------------------------------------------------------

TEST(Plan, PrintsWhatItReads) {
  Plan plan = default_plan();
  EXPECT_EQ(parsed(print_plan(plan)), plan);
  plan.seed = 7;
  plan.plants = {"R5"};
  plan.node_flags = {{"read-mode", "lease"}, {"log-level", "debug"}};
  plan.fault_events = {{milliseconds(1500), nanoseconds(1'500'000'001), {"partition", "halves", "n1,n3"}},
                       {seconds(7), seconds(2), {"kill", "", ""}}};
  EXPECT_EQ(parsed(print_plan(plan)), plan);
  plan.random_faults.reset();
  plan.fault_events.clear();
  plan.expect_faults = 0;
  EXPECT_EQ(parsed(print_plan(plan)), plan);
}

TEST(Plan, CheckHoldsFlagsToTheSameRules) {
  Plan plan = default_plan();
  EXPECT_TRUE(check_plan(plan).ok());
  plan.load.concurrency = 100;
  EXPECT_THAT(check_plan(plan).error().message, StartsWith("plan: load.concurrency is 100, but"));
}

TEST(Plan, DefaultPlanFitsClustersOfOtherSizes) {
  Plan plan = default_plan();
  for (plan.nodes = 2; plan.nodes <= 9; ++plan.nodes) EXPECT_TRUE(check_plan(plan).ok()) << plan.nodes;
  plan.nodes = 1;
  EXPECT_THAT(check_plan(plan).error().message, HasSubstr("has partition, but none of its shapes"));
}

TEST(PlanDuration, ReadsEveryUnitExactly) {
  EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(*parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(*parse_duration("1m"), seconds(60));
  EXPECT_EQ(*parse_duration("2h"), seconds(7200));
  EXPECT_EQ(*parse_duration("0s"), Duration());
  EXPECT_EQ(*parse_duration("0.000000001s"), nanoseconds(1));
  EXPECT_EQ(*parse_duration("7us"), microseconds(7));
}

TEST(PlanDuration, RefusesWhatIsNone) {
  for (const char* wrong : {"", "s", "5", "-5s", "5 s", "1.s", ".5s", "1.5.5s", "5sec", "1e3s",
                            "0.0000000001s", "99999999999h", "5s "}) {
    EXPECT_FALSE(parse_duration(wrong).ok()) << wrong;
  }
}

TEST(PlanDuration, PrintsWhatItReads) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Rng rng(seed);
    Duration duration(rng.between(0, 1'000'000));
    for (std::int64_t unit : {1'000, 1'000'000}) duration = rng.chance(1, 2) ? duration * unit : duration;
    EXPECT_EQ(*parse_duration(print_duration(duration)), duration)
        << "seed " << seed << ": " << print_duration(duration);
  }
}

}  // namespace
}  // namespace ordeal
