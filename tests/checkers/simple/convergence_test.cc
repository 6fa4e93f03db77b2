// Convergence, counters and registers that converge: on histories that are wrong, and with outcomes that
// nobody knows.

#include "checkers/simple/convergence.h"

#include "checkers/simple/crdt.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/simple/told_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

Finding converge(const HistoryBuilder& history) {
  return make_convergence_checker()->check(history.history(), {});
}
Finding check_counter(const HistoryBuilder& history) {
  return make_crdt_counter_checker()->check(history.history(), {});
}
Finding check_register(const HistoryBuilder& history) {
  return make_crdt_register_checker()->check(history.history(), {});
}

/// An operation at a node, by the process of the same number; the position of its invocation.
std::size_t at_node(HistoryBuilder& history, std::uint32_t node, const std::string& f, Value argument,
                    Value result) {
  const std::size_t at = does(history, static_cast<int>(node), f, std::move(argument), std::move(result));
  history[at].node = NodeId(node);
  history[at + 1].node = NodeId(node);
  return at;
}

TEST(Convergence, NamesTwoNodesThatDiffer) {
  HistoryBuilder history;
  at_node(history, 1, "write", "a", "a");
  at_node(history, 1, "read", {}, "b");  // not its last
  const std::size_t first = at_node(history, 1, "read", {}, "a");
  at_node(history, 2, "read", {}, "a");
  EXPECT_EQ(converge(history).verdict, Verdict::kValid);
  const std::size_t second = at_node(history, 3, "read", {}, "c");
  const Finding finding = converge(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "diverged"), 1);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, first);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(1).invoke, second);
  EXPECT_THAT(finding.why, HasSubstr("n1 said \"a\" and n3 said \"c\""));
}

TEST(Convergence, ReadsBeforeTheLastWriteOrFaultAreNotFinal) {
  HistoryBuilder history;
  at_node(history, 1, "read", {}, "a");
  at_node(history, 2, "read", {}, "b");
  EXPECT_EQ(converge(history).verdict, Verdict::kInvalid);
  history.invoke(9, "write", "c");
  EXPECT_EQ(converge(history).verdict, Verdict::kUnknown);
  at_node(history, 1, "read", {}, "a");
  at_node(history, 2, "read", {}, "b");
  const std::size_t heal = history.invoke(-1, "heal");
  history[heal].key = {};
  at_node(history, 1, "read", {}, "c");
  EXPECT_EQ(converge(history).verdict, Verdict::kUnknown);
  at_node(history, 2, "read", {}, "c");
  EXPECT_EQ(converge(history).verdict, Verdict::kValid);
}

TEST(Convergence, MarkedReadsAreFinalAndNoOthers) {
  HistoryBuilder history;
  const std::size_t marked = at_node(history, 1, "read", {}, "a");
  history[marked].extra["final"] = true;
  const std::size_t other = at_node(history, 2, "read", {}, "a");
  history[other + 1].extra["final"] = true;
  at_node(history, 3, "read", {}, "b");
  EXPECT_EQ(converge(history).verdict, Verdict::kValid);
  history[other + 1].value = "b";
  EXPECT_EQ(converge(history).verdict, Verdict::kInvalid);
}

TEST(Convergence, EqualVersionVectorsMeanEqualDigests) {
  HistoryBuilder history;
  const Value vector = Value::Map{{"n1", 3}, {"n2", 1}};
  const std::size_t first = at_node(history, 1, "read", {}, 0);
  history[first + 1].extra = {{"vv", vector}, {"digest", "f00"}};
  const std::size_t newer = at_node(history, 1, "read", {}, 0);
  history[newer + 1].extra = {{"vv", Value::Map{{"n1", 4}, {"n2", 1}}}, {"digest", "bad"}};
  const std::size_t second = at_node(history, 2, "read", {}, 0);
  history[second + 1].extra = {{"vv", vector}, {"digest", "f00"}};
  EXPECT_EQ(converge(history).verdict, Verdict::kValid);
  history[second + 1].extra["digest"] = "f01";
  const Finding finding = converge(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "digests-differ"), 1);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, first);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(1).invoke, second);
}

TEST(CrdtCounter, AReadKnowsItsSessionAndNoMoreThanWasInvoked) {
  HistoryBuilder history;
  const std::size_t own = at_node(history, 1, "add", 5, 5);
  at_node(history, 2, "increment", {}, {});
  for (const int value : {5, 6}) at_node(history, 1, "read", {}, value);
  for (const int value : {1, 6}) at_node(history, 2, "read", {}, value);
  history.invoke(7, "add", 2);
  history.info(7);
  for (const std::uint32_t node : {1, 2}) at_node(history, node, "read", {}, 8);
  EXPECT_EQ(check_counter(history).verdict, Verdict::kValid);
  const std::size_t forgot = at_node(history, 1, "read", {}, 4);
  const Finding finding = check_counter(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "out-of-bounds"), 1);
  EXPECT_EQ(figure(finding, "decreased"), 1);
  EXPECT_EQ(finding.witnesses.at(1).stuck.at(0).invoke, forgot);
  EXPECT_EQ(finding.witnesses.at(1).stuck.at(1).invoke, own + 2);
}

TEST(CrdtCounter, TheLastReadIsASumOfWhatMayHaveHappened) {
  HistoryBuilder history;
  at_node(history, 1, "add", 10, 10);
  history.invoke(7, "decrement", 4);
  history.info(7);
  history.invoke(8, "add", 3);
  history.info(8);
  history.invoke(9, "add", 100);
  history.fail(9);
  for (const int value : {6, 9, 10, 13}) {
    for (const std::uint32_t node : {1, 2}) at_node(history, node, "read", {}, value);
    EXPECT_EQ(check_counter(history).verdict, Verdict::kValid) << value;
  }
  for (const int value : {5, 7, 12, 14}) {
    for (const std::uint32_t node : {1, 2}) at_node(history, node, "read", {}, value);
    EXPECT_EQ(check_counter(history).verdict, Verdict::kInvalid) << value;
  }
}

TEST(CrdtCounter, WhoGoesElsewhereMayReadLess) {
  HistoryBuilder history;
  at_node(history, 1, "add", 5, 5);
  const std::size_t moved = does(history, 1, "read", {}, 0);
  history[moved].node = NodeId(2);
  for (const std::uint32_t node : {1, 2}) at_node(history, node, "read", {}, 5);
  history[moved + 1].node = NodeId(2);
  at_node(history, 3, "add", 1, 1);
  for (const std::uint32_t node : {1, 2}) at_node(history, node, "read", {}, 6);
  EXPECT_EQ(check_counter(history).verdict, Verdict::kValid);
  history[moved].node = NodeId(1);
  history[moved + 1].node = NodeId(1);
  EXPECT_EQ(check_counter(history).verdict, Verdict::kInvalid);
}

TEST(CrdtCounter, NamesTheOperationThatItCannotRead) {
  HistoryBuilder history;
  at_node(history, 1, "add", "five", {});
  EXPECT_EQ(check_counter(history).verdict, Verdict::kUnknown);
  EXPECT_THAT(check_counter(history).why, HasSubstr("operation 0 adds \"five\""));
  HistoryBuilder reads;
  for (const std::uint32_t node : {1, 2}) at_node(reads, node, "read", {}, "five");
  EXPECT_THAT(check_counter(reads).why, HasSubstr("operation 0 read \"five\""));
}

TEST(CrdtRegister, NamesReadsOfWhatNobodyWrote) {
  HistoryBuilder history;
  at_node(history, 1, "write", "a", "a");
  history.invoke(7, "write", "b");
  history.info(7);
  history.invoke(8, "write", "c");
  history.fail(8);
  for (const std::uint32_t node : {1, 2}) at_node(history, node, "read", {}, "b");
  EXPECT_EQ(check_register(history).verdict, Verdict::kValid);
  const Value siblings = Value::List{"a", "b"};
  at_node(history, 1, "read", {}, siblings);
  at_node(history, 2, "read", {}, Value::List{"b", "a"});
  EXPECT_EQ(check_register(history).verdict, Verdict::kValid);
  const std::size_t failed = at_node(history, 1, "read", {}, "c");
  const std::size_t never = at_node(history, 2, "read", {}, Value::List{"a", "d"});
  const Finding finding = check_register(history);
  EXPECT_EQ(figure(finding, "phantom"), 2);
  EXPECT_EQ(figure(finding, "diverged"), 1);
  EXPECT_EQ(finding.witnesses.at(1).stuck.at(0).invoke, failed);
  EXPECT_EQ(finding.witnesses.at(2).stuck.at(0).invoke, never);
}

TEST(CrdtRegister, NamesWhatIsLostAndCountsInversions) {
  HistoryBuilder history;
  const std::size_t write = at_node(history, 1, "write", "a", "a");
  at_node(history, 1, "write", "b", "b");
  for (const std::uint32_t node : {1, 2}) at_node(history, node, "read", {}, "a");
  const Finding inverted = check_register(history);
  EXPECT_EQ(inverted.verdict, Verdict::kValid);
  EXPECT_EQ(figure(inverted, "lww-inversions"), 1);
  for (const std::uint32_t node : {1, 2}) at_node(history, node, "read", {}, {});
  const Finding lost = check_register(history);
  EXPECT_EQ(lost.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(lost, "lost"), 2);
  EXPECT_EQ(lost.witnesses.at(0).stuck.at(1).invoke, write);
}

}  // namespace
}  // namespace ordeal::testing
