#include "controller/report/faults.h"

#include "tests/controller/report/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::report {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Op nemesis(Duration time, OpType type, std::string f, Value value, std::string error = "") {
  Op op;
  op.time = time;
  op.process = kNemesisProcess;
  op.type = type;
  op.f = std::move(f);
  op.value = std::move(value);
  op.error = std::move(error);
  return op;
}

Value kill_value(int id) {
  return Value::Map{{"fault", id}, {"kind", "kill"}, {"nodes", Value::List{"n2"}}};
}

FaultRecord partition(std::vector<Cut> cuts) {
  FaultRecord fault;
  fault.kind = "partition";
  fault.cuts = std::move(cuts);
  return fault;
}

Cut cut(std::uint32_t from, std::uint32_t to) {
  return {NodeId(from), NodeId(to)};
}

TEST(Faults, AreVerifiedOnlyByAProbe) {
  const History history = {
      nemesis(seconds(1), OpType::kInvoke, "start-kill", kill_value(1)),
      nemesis(seconds(2), OpType::kInfo, "start-kill", kill_value(1), "the replica still runs")};
  const std::vector<FaultRecord> faults = faults_of(history);
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_FALSE(faults[0].began.has_value());
  EXPECT_EQ(faults[0].apply_error, "the replica still runs");
  EXPECT_EQ(count_faults(faults), (FaultCounts{1, 0, 0}));
}

TEST(Faults, HaveTheBoundsThatTheProbeGave) {
  Value began = kill_value(1);
  began.as_map()->insert({{"earliest", 1'100'000'000}, {"latest", 1'200'000'000}, {"measured", "dead"}});
  const std::vector<FaultRecord> faults =
      faults_of({nemesis(seconds(1), OpType::kInvoke, "start-kill", kill_value(1)),
                 nemesis(seconds(2), OpType::kOk, "start-kill", began),
                 nemesis(seconds(5), OpType::kInvoke, "stop-kill", kill_value(1)),
                 nemesis(seconds(6), OpType::kOk, "stop-kill", kill_value(1))});
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_EQ(faults[0].began->earliest, milliseconds(1100));
  EXPECT_EQ(faults[0].began->latest, milliseconds(1200));
  EXPECT_EQ(faults[0].measured, Value("dead"));
  EXPECT_EQ(faults[0].from(), milliseconds(1100));
  EXPECT_EQ(faults[0].to(seconds(9)), seconds(6)) << "without bounds in the line its own time is the bound";
  EXPECT_THAT(faults[0].nodes, ElementsAre(NodeId(2)));
}

TEST(Faults, ThatNeverBeganAreNotHealed) {
  const Value value = Value::Map{{"fault", 1}, {"kind", "transfer"}, {"node", "n3"}};
  const std::vector<FaultRecord> faults =
      faults_of({nemesis(seconds(1), OpType::kInvoke, "start-transfer", value),
                 nemesis(seconds(2), OpType::kInfo, "start-transfer", value, "n1 refuses"),
                 nemesis(seconds(2), OpType::kInvoke, "stop-transfer", value),
                 nemesis(seconds(3), OpType::kOk, "stop-transfer", value)});
  EXPECT_EQ(count_faults(faults), (FaultCounts{1, 0, 0}));
  EXPECT_EQ(describe_targets(faults[0], 3), "n3");
}

TEST(Faults, OfMembersSayWhoWasStruckAndHow) {
  const Value value = Value::Map{{"fault", 1},
                                 {"kind", "members"},
                                 {"learners", Value::List{"n1", "n2"}},
                                 {"nodes", Value::List{"n1", "n2"}},
                                 {"shape", "demote"},
                                 {"target", "minority"},
                                 {"voters", Value::List{"n3", "n4", "n5"}}};
  const std::vector<FaultRecord> faults =
      faults_of({nemesis(seconds(1), OpType::kInvoke, "start-members", value),
                 nemesis(seconds(2), OpType::kOk, "start-members", value),
                 nemesis(seconds(3), OpType::kInvoke, "stop-members", value),
                 nemesis(seconds(4), OpType::kOk, "stop-members", value)});
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_THAT(faults[0].nodes, ElementsAre(NodeId(1), NodeId(2)));
  EXPECT_EQ(describe_targets(faults[0], 5), "demote n1 n2");
  EXPECT_EQ(count_faults(faults), (FaultCounts{1, 1, 1}));
}

TEST(Faults, ThatTheClusterDeclinedAreCounted) {
  const Value asked = Value::Map{{"fault", 1}, {"kind", "transfer"}, {"node", "n3"}};
  Value declined = asked;
  declined.as_map()->emplace("declined", true);
  const std::vector<FaultRecord> faults =
      faults_of({nemesis(seconds(1), OpType::kInvoke, "start-transfer", asked),
                 nemesis(seconds(2), OpType::kInfo, "start-transfer", declined, "n1 refuses")});
  EXPECT_EQ(count_faults(faults), (FaultCounts{1, 0, 0, 1}));
}

TEST(Faults, OfOneKindThatOverlapAreToldApartByTheirNumber) {
  const std::vector<FaultRecord> faults =
      faults_of({nemesis(seconds(1), OpType::kInvoke, "start-kill", kill_value(1)),
                 nemesis(seconds(2), OpType::kInvoke, "start-kill", kill_value(2)),
                 nemesis(seconds(3), OpType::kOk, "start-kill", kill_value(2)),
                 nemesis(seconds(4), OpType::kInfo, "start-kill", kill_value(1), "no")});
  ASSERT_THAT(faults, SizeIs(2));
  EXPECT_FALSE(faults[0].began.has_value());
  EXPECT_TRUE(faults[1].began.has_value());
}

TEST(Faults, AVerifiedFinalHealEndsWhatWasNotSeenGone) {
  const History base = {nemesis(seconds(1), OpType::kInvoke, "start-kill", kill_value(1)),
                        nemesis(seconds(2), OpType::kOk, "start-kill", kill_value(1)),
                        nemesis(seconds(3), OpType::kInvoke, "heal", {})};
  History healed = base;
  healed.push_back(nemesis(seconds(4), OpType::kOk, "heal", {}));
  EXPECT_EQ(count_faults(faults_of(healed)), (FaultCounts{1, 1, 1}));
  History not_healed = base;
  not_healed.push_back(nemesis(seconds(4), OpType::kInfo, "heal", {}, "n2 does not answer"));
  EXPECT_EQ(count_faults(faults_of(not_healed)), (FaultCounts{1, 1, 0}));
  EXPECT_EQ(faults_of(not_healed)[0].to(seconds(9)), seconds(9)) << "it may have lasted to the end";
}

TEST(Faults, StrangeValuesAreNoCrash) {
  for (const Value& value :
       {Value(), Value(7), Value("x"), Value(Value::Map{{"cuts", "x"}, {"nodes", 3}, {"earliest", "y"}}),
        Value(Value::Map{{"cuts", Value::List{1, Value::List{"n1"}, Value::List{"x", "y"}}}})}) {
    const std::vector<FaultRecord> faults =
        faults_of({nemesis(seconds(1), OpType::kInvoke, "start-odd", value),
                   nemesis(seconds(2), OpType::kOk, "stop-odd", value),
                   nemesis(seconds(3), OpType::kOk, "stop-other", value)});
    ASSERT_THAT(faults, SizeIs(1));
    EXPECT_THAT(faults[0].nodes, IsEmpty());
  }
}

TEST(DescribeTargets, NamesTheSidesOfASplit) {
  EXPECT_EQ(describe_targets(partition({cut(1, 2), cut(1, 3), cut(2, 1), cut(3, 1)}), 3), "n1 | n2 n3");
}

TEST(DescribeTargets, ListsAOneWayCut) {
  EXPECT_EQ(describe_targets(partition({cut(1, 2)}), 3), "n1→n2 cut");
}

TEST(DescribeTargets, CountsWhatIsNoSplit) {
  // A bridge: n3 still talks to both sides.
  std::vector<Cut> cuts;
  for (const std::uint32_t a : {1U, 2U}) {
    for (const std::uint32_t b : {4U, 5U}) cuts.insert(cuts.end(), {cut(a, b), cut(b, a)});
  }
  EXPECT_EQ(describe_targets(partition(cuts), 5), "8 of 20 directions cut");
}

TEST(MeasuredCuts, ReadsWhatTheProbeReports) {
  const Value measured =
      Value::Map{{"pairs", 6}, {"cut", Value::List{Value::List{"n1", "n2"}, Value::List{"n3", "n2"}}}};
  const std::optional<MeasuredCuts> cuts = measured_cuts(measured);
  ASSERT_TRUE(cuts.has_value());
  EXPECT_EQ(cuts->pairs, 6);
  EXPECT_THAT(cuts->cuts, ElementsAre(cut(1, 2), cut(3, 2)));
}

TEST(MeasuredCuts, OtherFormsAreNone) {
  for (const Value& value : {Value(), Value("x"), Value(Value::Map{{"pairs", 3}}),
                             Value(Value::Map{{"pairs", "x"}, {"cut", Value::List{}}}),
                             Value(Value::Map{{"pairs", 3}, {"cut", Value::List{Value::List{"n1"}}}})}) {
    EXPECT_FALSE(measured_cuts(value).has_value()) << to_text(value);
  }
}

TEST(DescribeMeasured, SaysWhatProcessesDo) {
  EXPECT_EQ(describe_measured(Value::Map{{"n1", Value::Map{{"alive", false}}},
                                         {"n2", Value::Map{{"alive", true}, {"stopped", true}}},
                                         {"n3", Value::Map{{"alive", true}, {"stopped", false}}}}),
            "n1 not running, n2 stopped, n3 running");
  EXPECT_EQ(describe_measured({}), "");
  EXPECT_EQ(describe_measured(Value::Map{{"a", 1}}), "{a: 1}");
}

TEST(Sample, TellsOfSixFaultsThatWereSeenAndHealed) {
  EXPECT_EQ(count_faults(faults_of(make_sample({}).history)), (FaultCounts{6, 6, 6}));
}

}  // namespace
}  // namespace ordeal::report
