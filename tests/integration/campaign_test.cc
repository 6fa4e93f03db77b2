// Whole campaigns on real processes, as a user starts them.

#include "tests/integration/leftovers.h"
#include "tests/support/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace ordeal::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string plan(const std::string& name) {
  return std::string(ORDEAL_SOURCE_DIR) + "/plans/" + name;
}

/// How the same plan ends in the simulator. Scripted faults must give the same kind of outcome in both.
int simulated(const std::string& name) {
  const Finished run = run_program({"ordeal", "sim", "--plan", plan(name), "--no-store"}, seconds(120));
  return run.exit_code;
}

TEST(Campaign, QuickPlanIsValidAndLeavesOnlyTheStore) {
  const TemporaryDirectory store;
  const Machine before = look_at_machine();
  const Finished run =
      run_program({"ordeal", "run", "--plan", plan("quick.yaml"), "--store", store.path()}, seconds(180));
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("verdict: valid"));
  EXPECT_THAT(run.out, HasSubstr("seed "));
  EXPECT_EQ(simulated("quick.yaml"), run.exit_code);
  EXPECT_THAT(processes_with(store.path()), IsEmpty());
  const Machine after = look_at_machine();
  EXPECT_EQ(before.mounts, after.mounts);
  EXPECT_EQ(before.links, after.links);
  EXPECT_EQ(before.network_namespaces, after.network_namespaces);

  const std::string latest = store.path() + "/latest";
  for (const char* file :
       {"plan.yaml", "plan.executed.yaml", "run.json", "history.jsonl", "verdict.json", "report.html"}) {
    EXPECT_TRUE(std::filesystem::exists(latest + "/" + file)) << file;
  }
  EXPECT_FALSE(std::filesystem::exists(latest + "/data"));
  EXPECT_THAT(read_file(latest + "/verdict.json"), HasSubstr("\"valid\""));
  const Finished check = run_program({"ordeal", "check", latest});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

TEST(Campaign, LeadershipAndMembersAreMovedAndBroughtBack) {
  const TemporaryDirectory store;
  const Finished run =
      run_program({"ordeal", "run", "--plan", plan("members.yaml"), "--store", store.path()}, seconds(180));
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("verdict: valid"));
  EXPECT_THAT(run.out, HasSubstr("faults: 5 asked for, 5 verified in force, 5 verified healed"));
  EXPECT_EQ(simulated("members.yaml"), run.exit_code);
  const std::string history = read_file(store.path() + "/latest/history.jsonl");
  for (const char* f : {"start-transfer", "stop-transfer", "start-members", "stop-members"})
    EXPECT_THAT(history, HasSubstr(std::string(R"("type":"ok","f":")") + f + "\"")) << f;
}

TEST(Campaign, DirectedPlanFindsStaleReadsAndNamesThem) {
  const TemporaryDirectory store;
  const Finished run =
      run_program({"ordeal", "run", "--plan", plan("plants/R5.yaml"), "--store", store.path()}, seconds(300));
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("PLANTED BUGS ARE ON: R5"));
  EXPECT_THAT(run.out, HasSubstr("verdict: invalid"));
  EXPECT_THAT(run.out, HasSubstr("cannot come next"));
  EXPECT_EQ(simulated("plants/R5.yaml"), run.exit_code);
}

TEST(Campaign, InterruptHealsReadsAndReports) {
  const TemporaryDirectory store;
  Program run({"ordeal", "run", "--time-limit", "10m", "--store", store.path()});
  ASSERT_TRUE(run.wait_for_text("partition", seconds(90)));
  run.send(SIGINT);
  const Finished finished = run.wait(seconds(120));
  EXPECT_EQ(finished.exit_code, 2) << finished.out << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("vacuous: "));
  EXPECT_TRUE(std::filesystem::exists(store.path() + "/latest/report.html"));
}

}  // namespace
}  // namespace ordeal::test
