// Conformance: scripted operations and faults end alike in the simulator and on real processes, one by one.
// What the simulator finds would else say little about real nodes.

#include "checkers/formats/jsonl.h"
#include "tests/support/program.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace ordeal::test {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kHead = R"(version: 1
name: conformance
nodes: 3
client: {operation_timeout: 1s, sticky: true}
expect: {operations: 1, faults: 1}
load: {mode: closed, concurrency: 3, rate: 0}
)";

std::string one_line(const Op& op) {
  return fmt::format("{} {}", op.f, to_text(op.type));
}

/// What became of each fault and of each scripted operation, in the order in which they were asked for.
struct Outcomes {
  int exit_code = -1;
  std::vector<std::string> faults;
  std::vector<std::string> operations;
};

Outcomes outcomes_of(const std::string& mode, const std::string& plan_text) {
  const TemporaryDirectory place;
  const std::string plan = place.path() + "/plan.yaml";
  std::ofstream(plan) << plan_text;
  const std::string store = place.path() + "/store";
  const Finished run =
      run_program({"ordeal", mode, "--plan", plan, "--seed", "1", "--store", store}, seconds(180));
  Outcomes outcomes;
  outcomes.exit_code = run.exit_code;
  EXPECT_LE(run.exit_code, 2) << run.out << run.err;
  const auto parsed = parse_jsonl(read_file(store + "/latest/history.jsonl"));
  EXPECT_TRUE(parsed.ok()) << run.out << run.err;
  if (!parsed.ok()) return outcomes;
  const History& history = parsed->history;
  for (const Op& op : history) {
    if (op.process == kNemesisProcess && op.type != OpType::kInvoke) outcomes.faults.push_back(one_line(op));
  }
  for (const Operation& operation : pair_operations(history)) {
    const Op& invoked = history[operation.invoke];
    // The final reads are the run's own, on the same keys.
    if (invoked.f == "read" && !invoked.key.as_string()->starts_with("asked")) continue;
    const OpType type = operation.complete ? history[*operation.complete].type : OpType::kInfo;
    outcomes.operations.push_back(fmt::format("{} {} {}", invoked.f, to_text(invoked.key), to_text(type)));
  }
  return outcomes;
}

/// The plan in both, which must give these.
void expect_alike(const std::string& plan, const std::vector<std::string>& faults,
                  const std::vector<std::string>& operations) {
  const Outcomes simulated = outcomes_of("sim", kHead + plan);
  EXPECT_THAT(simulated.faults, ElementsAreArray(faults)) << "simulated";
  EXPECT_THAT(simulated.operations, ElementsAreArray(operations)) << "simulated";
  const Outcomes real = outcomes_of("run", kHead + plan);
  EXPECT_THAT(real.faults, ElementsAreArray(faults)) << "real";
  EXPECT_THAT(real.operations, ElementsAreArray(operations)) << "real";
  EXPECT_EQ(simulated.exit_code, real.exit_code);
}

// Client i asks node i + 1. A leader that is cut off does not know what becomes of a write; once it has
// noticed it takes none.
TEST(Conformance, OfALeaderThatIsCutOff) {
  expect_alike(
      R"(time_limit: 12s
node: {election-timeout: 1500ms, heartbeat: 100ms}
workload:
  name: script
  operations:
    - {at: 2s, client: 0, f: write, key: a, value: "1"}
    - {at: 4600ms, client: 0, f: write, key: b, value: "2"}
    - {at: 7500ms, client: 0, f: write, key: b, value: "3"}
    - {at: 9s, client: 1, f: write, key: c, value: "3"}
    - {at: 9300ms, client: 1, f: cas, key: c, value: ["3", "4"]}
    - {at: 9600ms, client: 1, f: cas, key: c, value: ["9", "5"]}
faults:
  events:
    - {at: 500ms, for: 100ms, fault: transfer, target: n1}
    - {at: 4s, for: 6s, fault: partition, shape: isolate-one, target: n1}
)",
      {"start-transfer ok", "stop-transfer ok", "start-partition ok", "stop-partition ok", "heal ok"},
      {"write \"a\" ok", "write \"b\" info", "write \"b\" fail", "write \"c\" ok", "cas \"c\" ok",
       "cas \"c\" fail"});
}

TEST(Conformance, OfNodesThatAreDeadOrStandStill) {
  expect_alike(R"(time_limit: 12s
node: {election-timeout: 500ms, heartbeat: 50ms}
workload:
  name: script
  operations:
    - {at: 3s, client: 1, f: write, key: a, value: "1"}
    - {at: 3s, client: 2, f: write, key: b, value: "2"}
    - {at: 8s, client: 2, f: write, key: c, value: "3"}
    - {at: 8s, client: 1, f: write, key: d, value: "4"}
faults:
  events:
    - {at: 500ms, for: 100ms, fault: transfer, target: n1}
    - {at: 2s, for: 3s, fault: kill, target: n2}
    - {at: 7s, for: 3s, fault: pause, target: n3}
)",
               {"start-transfer ok", "stop-transfer ok", "start-kill ok", "stop-kill ok", "start-pause ok",
                "stop-pause ok", "heal ok"},
               {"write \"a\" fail", "write \"b\" ok", "write \"d\" ok", "write \"c\" info"});
}

TEST(Conformance, OfAMajorityThatIsDead) {
  expect_alike(R"(time_limit: 10s
node: {election-timeout: 500ms, heartbeat: 50ms}
workload:
  name: script
  operations:
    - {at: 5s, client: 0, f: write, key: a, value: "1"}
    - {at: 9s, client: 0, f: write, key: b, value: "2"}
faults:
  events:
    - {at: 500ms, for: 100ms, fault: transfer, target: n1}
    - {at: 3s, for: 3s, fault: kill, target: "n2,n3"}
)",
               {"start-transfer ok", "stop-transfer ok", "start-kill ok", "stop-kill ok", "heal ok"},
               {"write \"a\" fail", "write \"b\" ok"});
}

TEST(Conformance, OfMembersThatLeaveAndOfWhatTheClusterDeclines) {
  // What is left when n2 is gone and n3 is dead is no majority of two: nobody can be made a member again.
  expect_alike(R"(time_limit: 16s
node: {election-timeout: 500ms, heartbeat: 50ms}
workload:
  name: script
  operations:
    - {at: 4s, client: 0, f: write, key: a, value: "1"}
    - {at: 15500ms, client: 0, f: write, key: b, value: "2"}
faults:
  events:
    - {at: 500ms, for: 100ms, fault: transfer, target: n1}
    - {at: 2s, for: 1s, fault: members, shape: remove, target: n2}
    - {at: 5s, for: 9500ms, fault: kill, target: "n2,n3"}
    - {at: 6s, for: 100ms, fault: members, shape: demote, target: n3}
)",
               {"start-transfer ok", "stop-transfer ok", "start-members ok", "stop-members ok",
                "start-kill ok", "start-members info", "stop-kill ok", "heal ok"},
               {"write \"a\" ok", "write \"b\" ok"});
}

}  // namespace
}  // namespace ordeal::test
