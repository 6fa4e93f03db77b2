#include "controller/report/run_info.h"

#include "controller/report/leaders.h"
#include "controller/report/live.h"
#include "controller/report/machine.h"
#include "controller/report/run_json.h"
#include "tests/controller/report/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Finding finding_of(Verdict verdict) {
  return {"linearizable", verdict, "because", {}, {}};
}

TEST(Judge, AnyInvalidFindingDecides) {
  EXPECT_EQ(judge({finding_of(Verdict::kUnknown), finding_of(Verdict::kInvalid)}, {"no load"}),
            RunVerdict::kInvalid);
}

TEST(Judge, UnknownIsNeverValidNorHiddenByVacuity) {
  EXPECT_EQ(judge({finding_of(Verdict::kValid), finding_of(Verdict::kUnknown)}, {}), RunVerdict::kUnknown);
  EXPECT_EQ(judge({finding_of(Verdict::kUnknown)}, {"no load"}), RunVerdict::kUnknown);
  EXPECT_EQ(judge({}, {}), RunVerdict::kUnknown);
}

TEST(Judge, AVacuousRunIsNotValid) {
  EXPECT_EQ(judge({finding_of(Verdict::kValid)}, {"no load"}), RunVerdict::kVacuous);
  EXPECT_EQ(judge({finding_of(Verdict::kValid)}, {}), RunVerdict::kValid);
}

TEST(Judge, ExitCodesAreThoseOfTheArchitecture) {
  EXPECT_EQ(exit_code(RunVerdict::kValid), 0);
  EXPECT_EQ(exit_code(RunVerdict::kInvalid), 1);
  EXPECT_EQ(exit_code(RunVerdict::kUnknown), 2);
  EXPECT_EQ(exit_code(RunVerdict::kVacuous), 2);
}

TEST(IsoText, GoesThereAndBack) {
  for (const std::string text : {"2026-11-25T06:22:55Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z"}) {
    const std::optional<WallTime> time = parse_iso_text(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(to_iso_text(*time), text);
  }
}

TEST(IsoText, RefusesWhatIsNoTime) {
  for (const std::string text :
       {"", "2026-11-25", "2026-11-25T06:22:55", "2026-02-31T00:00:00Z", "2026-11-25T06:22:5xZ",
        "2026-11-25T25:00:00Z", "+026-11-25T06:22:55Z", "2026-11-25 06:22:55Z"}) {
    EXPECT_FALSE(parse_iso_text(text).has_value()) << text;
  }
}

TEST(RunJson, RunInfoGoesThereAndBack) {
  RunInfo info = make_sample({.violation = true}).info;
  info.seed = 0xFFFF'FFFF'FFFF'FFFF;
  info.name = "a\"b</script>\xff";
  const RunInfo back = parse_run_info(print_run_info(info)).value();
  EXPECT_EQ(back.seed, info.seed);
  EXPECT_EQ(back.name, info.name);
  EXPECT_EQ(back.leaders, info.leaders);
  EXPECT_EQ(back.repeat, info.repeat);
  EXPECT_EQ(back.versions, info.versions);
  EXPECT_EQ(back.ended, info.ended);
  EXPECT_EQ(back.machine.fdatasync_per_second, info.machine.fdatasync_per_second);
  EXPECT_EQ(print_run_info(back), print_run_info(info));
}

TEST(RunJson, VerdictGoesThereAndBack) {
  VerdictRecord record = make_verdict(make_sample({.violation = true}));
  record.vacuous = {"a reason with \xff in it"};
  const VerdictRecord back = parse_verdict(print_verdict(record)).value();
  EXPECT_EQ(back.verdict, RunVerdict::kInvalid);
  EXPECT_EQ(back.operations, record.operations);
  EXPECT_EQ(back.faults, record.faults);
  ASSERT_EQ(back.findings.size(), 1U);
  ASSERT_EQ(back.findings[0].witnesses.size(), 1U);
  EXPECT_EQ(back.findings[0].witnesses[0].stuck[0].invoke, record.findings[0].witnesses[0].stuck[0].invoke);
  EXPECT_EQ(print_verdict(back), print_verdict(record));
}

TEST(RunJson, RefusesOtherFormatsWithTheReason) {
  EXPECT_THAT(parse_run_info(R"({"format": 2})").error().message,
              HasSubstr("format 2, this build reads format 1"));
  EXPECT_THAT(parse_run_info("[]").error().message, HasSubstr("not a JSON object"));
  EXPECT_THAT(parse_run_info("").error().message, HasSubstr("not a JSON object"));
  EXPECT_THAT(parse_run_info(R"({"format": 1})").error().message, HasSubstr("'started'"));
  EXPECT_THAT(
      parse_run_info(R"({"format": 1, "started": "2026-11-25T06:22:55Z", "seed": "x"})").error().message,
      HasSubstr("'seed' is 'x'"));
  EXPECT_THAT(
      parse_verdict(R"({"format":1,"verdict":"valid","findings":[{"verdict":"fine"}]})").error().message,
      HasSubstr("'fine'"));
}

TEST(RunJson, AbsentMembersThatAreOnlyShownAreDefaults) {
  const Result<RunInfo> info =
      parse_run_info(R"({"format": 1, "started": "2026-11-25T06:22:55Z", "seed": "7", "nodes": "five"})");
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->seed, 7U);
  EXPECT_EQ(info->nodes, 0U);
  EXPECT_FALSE(info->ended.has_value());
}

TEST(Live, GoesThereAndBack) {
  RunProgress progress;
  progress.phase = RunPhase::kFinalReads;
  progress.elapsed = milliseconds(1234);
  progress.invoked = 100;
  progress.ok = 90;
  progress.leader = NodeId(3);
  progress.term = Term(7);
  progress.faults_in_force = {"partition n1 | n2"};
  progress.faults_healed = 2;
  const RunProgress back = parse_live(print_live(progress)).value();
  EXPECT_EQ(back.phase, RunPhase::kFinalReads);
  EXPECT_EQ(back.elapsed, milliseconds(1234));
  EXPECT_EQ(back.ok, 90U);
  EXPECT_EQ(back.leader, NodeId(3));
  EXPECT_EQ(back.faults_in_force, progress.faults_in_force);
  EXPECT_EQ(back.faults_healed, 2U);
}

NodeObservation observation(std::uint32_t node, std::string role, std::uint64_t term, bool reachable = true) {
  NodeObservation seen;
  seen.node = NodeId(node);
  seen.reachable = reachable;
  seen.role = std::move(role);
  seen.term = Term(term);
  return seen;
}

TEST(LeaderLog, KeepsTwoLeadersOfDifferentTermsApart) {
  LeaderLog log;
  log.observe(seconds(1), observation(1, "leader", 1));
  log.observe(seconds(2), observation(1, "leader", 1));
  log.observe(seconds(3), observation(2, "leader", 2));
  log.observe(seconds(4), observation(1, "follower", 2));
  EXPECT_THAT(log.intervals(seconds(9)),
              ElementsAre(LeaderInterval{NodeId(1), Term(1), seconds(1), seconds(4)},
                          LeaderInterval{NodeId(2), Term(2), seconds(3), seconds(9)}));
}

TEST(LeaderLog, ANewTermIsANewSpellAndAnUnreachableNodeLeadsNoMore) {
  LeaderLog log;
  log.observe(seconds(1), observation(1, "leader", 1));
  log.observe(seconds(2), observation(1, "leader", 3));
  log.observe(seconds(5), observation(1, "", 0, false));
  EXPECT_THAT(log.intervals(seconds(9)),
              ElementsAre(LeaderInterval{NodeId(1), Term(1), seconds(1), seconds(2)},
                          LeaderInterval{NodeId(1), Term(3), seconds(2), seconds(5)}));
}

TEST(Machine, SaysWhatThisMachineIs) {
  const MachineInfo machine = describe_machine();
  EXPECT_GT(machine.cores, 0U);
  EXPECT_GT(machine.memory_bytes, 1'000'000U);
  EXPECT_THAT(machine.kernel, HasSubstr("Linux"));
  EXPECT_EQ(build_versions().count("ordeal"), 1U);
}

}  // namespace
}  // namespace ordeal::report
