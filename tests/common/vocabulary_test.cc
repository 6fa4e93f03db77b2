// The small types: ids, times, results, faults as values, commands.

#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "common/environment.h"
#include "common/ids.h"
#include "common/kv_api.h"
#include "common/result.h"
#include "common/time.h"

namespace ordeal {
namespace {

TEST(NodeName, ReadsBack) {
  EXPECT_EQ(node_name(NodeId(12)), "n12");
  for (const std::uint32_t number : {1U, 9U, 10U, 4294967295U}) {
    EXPECT_EQ(parse_node_name(node_name(NodeId(number))), NodeId(number));
  }
}

TEST(NodeName, RefusesEverythingElse) {
  for (const std::string_view text : {"", "n", "n0", "n01", "N1", "1", "n-1", "n+1", "n1 ", " n1", "n1a",
                                      "n4294967296", "n99999999999999999999"}) {
    EXPECT_EQ(parse_node_name(text), kNoNode) << text;
  }
}

TEST(StrongInt, CountsAndCompares) {
  LogIndex index(4);
  ++index;
  EXPECT_EQ(index, LogIndex(5));
  EXPECT_EQ(index + 2, LogIndex(7));
  EXPECT_EQ(index - LogIndex(2), 3u);
  EXPECT_LT(LogIndex(4), index);
  EXPECT_EQ(fmt::format("{}", index), "5");
}

TEST(DurationText, HasThreeScales) {
  EXPECT_EQ(to_text(milliseconds(1500)), "1.500s");
  EXPECT_EQ(to_text(microseconds(12'340)), "12.3ms");
  EXPECT_EQ(to_text(microseconds(40)), "40us");
  EXPECT_EQ(to_text(Duration()), "0us");
  EXPECT_EQ(to_text(milliseconds(-1500)), "-1.500s");
}

TEST(DurationText, RoundsIntoTheNextScale) {
  EXPECT_EQ(to_text(nanoseconds(999'949'999)), "999.9ms");
  EXPECT_EQ(to_text(nanoseconds(999'950'000)), "1.000s");
  EXPECT_EQ(to_text(nanoseconds(999'999'999)), "1.000s");
}

TEST(DurationText, TakesTheWholeRange) {
  EXPECT_EQ(to_text(nanoseconds(std::numeric_limits<std::int64_t>::min())), "-9223372036.855s");
  EXPECT_EQ(to_text(nanoseconds(std::numeric_limits<std::int64_t>::max())), "9223372036.855s");
}

TEST(Duration, Arithmetic) {
  Duration duration = seconds(1) + milliseconds(2) * 3 - microseconds(6'000);
  duration += nanoseconds(5);
  EXPECT_EQ(duration.ns(), 1'000'000'005);
  EXPECT_EQ(duration.ms(), 1'000);
  EXPECT_EQ(seconds(3) / 2, milliseconds(1'500));
  EXPECT_EQ(MonotonicTime(7) - MonotonicTime(4), nanoseconds(3));
  EXPECT_EQ(MonotonicTime(7) + nanoseconds(3), MonotonicTime(10));
}

Result<std::unique_ptr<int>> half(int n) {
  if (n % 2 != 0) return Error{ErrorCode::kInvalidArgument, "an odd number has no half"};
  return std::make_unique<int>(n / 2);
}

TEST(Result, HoldsAValueThatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = half(8);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(**result, 4);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 4);
}

TEST(Result, HoldsAnError) {
  const Result<std::unique_ptr<int>> result = half(7);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(result.error().message, "an odd number has no half");
  EXPECT_EQ(to_text(result.error().code), "invalid argument");
}

TEST(ResultDeath, TheWrongSideIsAProgrammersMistake) {
  const Result<int> good = 1;
  const Result<int> bad = Error{ErrorCode::kNotFound, "nothing there"};
  EXPECT_DEATH((void)good.error(), "check failed: !ok\\(\\)");
  EXPECT_DEATH((void)bad.value(), "check failed: ok\\(\\)");
  EXPECT_DEATH((void)Status().error(), "check failed: !ok\\(\\)");
}

TEST(Status, IsSuccessOrAnError) {
  EXPECT_TRUE(Status().ok());
  const Status status = Error{ErrorCode::kUnavailable, "busy"};
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "busy");
}

TEST(FaultSpec, IsAValueForTheHistory) {
  const FaultSpec partition = PartitionFault{.cuts = {{NodeId(1), NodeId(2)}, {NodeId(2), NodeId(1)}}};
  EXPECT_EQ(fault_kind(partition), "partition");
  EXPECT_EQ(to_value(partition),
            Value(Value::Map{{"kind", "partition"},
                             {"cuts", Value::List{Value::List{"n1", "n2"}, Value::List{"n2", "n1"}}}}));
  EXPECT_EQ(to_value(KillFault{.nodes = {NodeId(3)}}),
            Value(Value::Map{{"kind", "kill"}, {"nodes", Value::List{"n3"}}}));
  EXPECT_EQ(fault_kind(PauseFault{}), "pause");
}

TEST(KvCommand, IsReadOnlyWhenEveryStepIsAGet) {
  kv::Command command;
  command.steps = {{.kind = kv::StepKind::kGet, .key = "a", .value = {}, .expected = {}}};
  EXPECT_TRUE(command.read_only());
  command.steps.push_back({.kind = kv::StepKind::kPut, .key = "a", .value = "1", .expected = {}});
  EXPECT_FALSE(command.read_only());
}

TEST(KvCommand, FaultsAreNamed) {
  const auto fault_of = [](kv::Step step) {
    return kv::find_fault({.session = {}, .steps = {std::move(step)}});
  };
  const kv::Step good{.kind = kv::StepKind::kPut, .key = "a", .value = "1", .expected = {}};
  EXPECT_EQ(fault_of(good), std::nullopt);
  kv::Step step = good;
  step.key = "";
  EXPECT_EQ(fault_of(step), "a key is empty");
  step.key = std::string(kv::kKeySizeMax + 1, 'k');
  EXPECT_EQ(fault_of(step), "a key has 1025 bytes, at most 1024 are allowed");
  step = good;
  step.value = std::string(kv::kValueSizeMax + 1, 'v');
  EXPECT_EQ(fault_of(step), "a value has 1048577 bytes, at most 1048576 are allowed");
  step = good;
  step.expected = std::string(kv::kValueSizeMax + 1, 'v');
  EXPECT_EQ(fault_of(step), "a value has 1048577 bytes, at most 1048576 are allowed");
  EXPECT_EQ(kv::find_fault({}), "the command has no steps");
  EXPECT_EQ(kv::find_fault({.session = {}, .steps = std::vector<kv::Step>(kv::kStepsMax + 1, good)}),
            "129 steps, at most 128 are allowed");
}

TEST(KvStepKind, ReadsBack) {
  for (const kv::StepKind kind : {kv::StepKind::kGet, kv::StepKind::kPut, kv::StepKind::kDelete,
                                  kv::StepKind::kCas, kv::StepKind::kAppend}) {
    EXPECT_EQ(kv::parse_step_kind(to_text(kind)), kind);
  }
  EXPECT_EQ(kv::parse_step_kind("swap"), std::nullopt);
}

}  // namespace
}  // namespace ordeal
