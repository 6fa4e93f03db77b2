#include "common/history.h"

#include <gtest/gtest.h>

namespace ordeal {
namespace {

Op op(std::int64_t index, std::int64_t process, OpType type, std::string f = "read") {
  Op out;
  out.index = index;
  out.time = nanoseconds(index);
  out.process = ProcessId(process);
  out.type = type;
  out.f = std::move(f);
  out.key = "x";
  return out;
}

std::string fault_of(const History& history) {
  const Status status = check_well_formed(history);
  return status.ok() ? "well-formed" : status.error().message;
}

constexpr OpType kInvoke = OpType::kInvoke;
constexpr OpType kOk = OpType::kOk;
constexpr OpType kFail = OpType::kFail;
constexpr OpType kInfo = OpType::kInfo;

TEST(WellFormed, AcceptsOverlapReuseAndOpenEnds) {
  EXPECT_EQ(fault_of({}), "well-formed");
  EXPECT_EQ(fault_of({op(0, 1, kInvoke), op(1, 2, kInvoke), op(2, 1, kFail), op(3, 1, kInvoke),
                      op(4, 2, kInfo), op(5, 3, kInvoke)}),
            "well-formed");
}

TEST(WellFormed, AcceptsEqualTimes) {
  History history = {op(0, 1, kInvoke), op(1, 1, kOk)};
  history[1].time = history[0].time;
  EXPECT_EQ(fault_of(history), "well-formed");
}

TEST(WellFormed, IndicesAreDense) {
  EXPECT_EQ(fault_of({op(1, 1, kInvoke)}), "operation 0: its index is 1, expected 0");
  EXPECT_EQ(fault_of({op(0, 1, kInvoke), op(0, 2, kInvoke)}), "operation 1: its index is 0, expected 1");
}

TEST(WellFormed, TimesDoNotGoBack) {
  History history = {op(0, 1, kInvoke), op(1, 1, kOk)};
  history[1].time = nanoseconds(-1);
  EXPECT_EQ(fault_of(history), "operation 1: its time is before that of the operation ahead of it");
}

TEST(WellFormed, AProcessHasOneOperationOpen) {
  EXPECT_EQ(fault_of({op(0, 1, kInvoke), op(1, 1, kInvoke)}),
            "operation 1: process 1 invokes while its operation 0 is open");
}

TEST(WellFormed, AProcessThatEndedWithInfoIsNotUsedAgain) {
  EXPECT_EQ(fault_of({op(0, 1, kInvoke), op(1, 1, kInfo), op(2, 1, kInvoke)}),
            "operation 2: process 1 invokes although it ended with info at 1");
}

TEST(WellFormed, ACompletionHasAnInvocation) {
  EXPECT_EQ(fault_of({op(0, 1, kOk)}),
            "operation 0: process 1 completes an operation that it did not invoke");
  EXPECT_EQ(fault_of({op(0, 1, kInvoke), op(1, 1, kOk), op(2, 1, kFail)}),
            "operation 2: process 1 completes an operation that it did not invoke");
}

TEST(WellFormed, ACompletionHasTheSameF) {
  EXPECT_EQ(fault_of({op(0, 1, kInvoke), op(1, 1, kOk, "write")}),
            "operation 1: process 1 completes write but had invoked read at 0");
}

TEST(WellFormed, ACompletionHasTheSameKey) {
  History history = {op(0, 1, kInvoke), op(1, 1, kOk)};
  history[1].key = "y";
  EXPECT_EQ(fault_of(history), "operation 1: process 1 completes key \"y\" but had invoked key \"x\" at 0");
}

TEST(WellFormed, TheNemesisMayHaveSeveralOpen) {
  EXPECT_EQ(fault_of({op(0, -1, kInvoke, "start-kill"), op(1, -1, kInvoke, "start-kill"),
                      op(2, -1, kInvoke, "heal"), op(3, -1, kInfo, "start-kill"),
                      op(4, -1, kOk, "start-kill"), op(5, -1, kInvoke, "start-kill")}),
            "well-formed");
}

TEST(WellFormed, TheNemesisCompletesWhatItInvoked) {
  EXPECT_EQ(fault_of({op(0, -1, kInvoke, "heal"), op(1, -1, kOk, "start-kill")}),
            "operation 1: nemesis completes start-kill which it never invoked");
}

TEST(PairOperations, GivesPairsInOrderOfInvocationWithoutTheNemesis) {
  const History history = {op(0, 1, kInvoke),     op(1, -1, kInvoke, "heal"), op(2, 2, kInvoke),
                           op(3, 2, kOk),         op(4, 2, kInvoke),          op(5, 1, kFail),
                           op(6, -1, kOk, "heal")};
  const std::vector<Operation> operations = pair_operations(history);
  ASSERT_EQ(operations.size(), 3u);
  EXPECT_EQ(operations[0].invoke, 0u);
  EXPECT_EQ(operations[0].complete, 5u);
  EXPECT_EQ(operations[1].invoke, 2u);
  EXPECT_EQ(operations[1].complete, 3u);
  EXPECT_EQ(operations[2].invoke, 4u);
  EXPECT_EQ(operations[2].complete, std::nullopt);
}

TEST(Op, IsPrintedForMessages) {
  Op write = op(12, 3, kInvoke, "write");
  write.time = nanoseconds(1'203'444'000);
  write.value = 7;
  EXPECT_EQ(to_text(write), "12 1.203s p3 invoke write \"x\" 7");
  Op heal = op(0, -1, kInfo, "heal");
  heal.key = Value();
  heal.error = "not seen";
  EXPECT_EQ(to_text(heal), "0 0us nemesis info heal nil (not seen)");
}

TEST(Op, TypesReadBack) {
  for (const OpType type : {kInvoke, kOk, kFail, kInfo}) EXPECT_EQ(parse_op_type(to_text(type)), type);
  EXPECT_EQ(parse_op_type("done"), std::nullopt);
}

}  // namespace
}  // namespace ordeal
