// The objects against a naive twin on random small histories: the same verdict on each, and the answer that
// is accused is the first that no order explains.

#include "checkers/linearizability/objects/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "checkers/formats/jsonl.h"
#include "checkers/linearizability/linearizable.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/linearizability/object_kinds.h"

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kObjectSeed = 20261128;

TEST(Objects, AgreeWithTheirNaiveTwins) {
  const FuzzRange range = fuzz_range(kObjectSeed, 20'000);
  for (const Kind& kind : object_kinds()) {
    std::uint64_t invalid = 0;
    for (std::uint64_t i = 0; i < range.histories; ++i) {
      Rng rng = Rng(range.seed).split(kind.name, i);
      const History history = random_object_history(rng, kind);
      const bool expected = has_an_order(history, kind, history.size());
      const Finding finding = make_linearizable_checker(kind.factory)->check(history, {});
      ASSERT_EQ(finding.verdict, expected ? Verdict::kValid : Verdict::kInvalid)
          << kind.name << ", seed " << range.seed << ", history " << i << '\n'
          << finding.why << '\n'
          << print_jsonl(history);
      if (expected) continue;
      ++invalid;
      const std::size_t answer = finding.witnesses.at(0).stuck.at(0).complete.value();
      ASSERT_TRUE(has_an_order(history, kind, answer) && !has_an_order(history, kind, answer + 1))
          << kind.name << ", seed " << range.seed << ", history " << i << ": accuses " << answer << '\n'
          << print_jsonl(history);
    }
    // Both verdicts must be common, or the comparison shows little.
    EXPECT_GT(invalid, range.histories / 20) << kind.name;
    EXPECT_LT(invalid, range.histories * 19 / 20) << kind.name;
  }
}

Finding judge(const ObjectFactory& factory, const HistoryBuilder& history) {
  return make_linearizable_checker(factory)->check(history.history(), {});
}

TEST(Objects, QueueNamesTheElementThatOvertook) {
  HistoryBuilder history;
  history.invoke(0, "enqueue", 1);
  history.ok(0);
  history.invoke(0, "enqueue", 2);
  history.ok(0);
  history.invoke(1, "dequeue");
  history.ok(1, 2);
  history.invoke(2, "enqueue", 3);  // no part of the story
  history.ok(2);
  const Finding finding = judge(make_fifo_queue(), history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_THAT(finding.why, HasSubstr("p1 dequeue"));
  EXPECT_THAT(finding.why, HasSubstr("cannot come next: it dequeued 2, but 1 is first"));
  EXPECT_EQ(finding.witnesses.at(0).longest.size(), 2u);
}

TEST(Objects, MutexNamesTheHolder) {
  HistoryBuilder history;
  history.invoke(0, "acquire");
  history.ok(0);
  history.invoke(1, "release");
  history.ok(1);
  EXPECT_THAT(judge(make_mutex({}), history).why, HasSubstr("it released the mutex, but p0 held it"));
}

TEST(Objects, FenceThatDoesNotGrow) {
  HistoryBuilder history;
  for (const int fence : {5, 5}) {
    history.invoke(0, "acquire");
    history.ok(0, fence);
    history.invoke(0, "release");
    history.ok(0);
  }
  EXPECT_THAT(judge(make_mutex({.reentrant = false, .fenced = true}), history).why,
              HasSubstr("it got fence 5, but 5 was given before"));
}

TEST(Objects, SetSaysWhatIsMissing) {
  HistoryBuilder history;
  history.invoke(0, "add", 1);
  history.ok(0);
  history.invoke(1, "read");
  history.ok(1, Value::List{9});
  EXPECT_THAT(judge(make_set(), history).why,
              HasSubstr("it returned [9], which is not in the set, and not [1], which is"));
}

TEST(Objects, WhatFailedDoesNotSayThatThereAreLists) {
  HistoryBuilder history;
  history.invoke(0, "append", 5);
  history.fail(0);
  history.invoke(0, "append", "a");
  history.ok(0);
  history.invoke(0, "read");
  history.ok(0, "a");
  EXPECT_EQ(judge(make_append(), history).verdict, Verdict::kValid);
}

TEST(Objects, CounterThatMayNotFitIsUnknown) {
  HistoryBuilder history;
  for (int i = 0; i < 2; ++i) {
    history.invoke(0, "add", std::numeric_limits<std::int64_t>::max() / 2 + 1);
    history.ok(0);
  }
  EXPECT_THAT(judge(make_counter(), history).why,
              HasSubstr("operation 2 is an add with which the sum may not fit"));
}

TEST(Objects, QueueOfNilIsUnknown) {
  HistoryBuilder history;
  history.invoke(0, "enqueue");
  history.ok(0);
  const Finding finding = judge(make_fifo_queue(), history);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_THAT(finding.why, HasSubstr("operation 0 is an enqueue of nil"));
}

TEST(Objects, WhatTheObjectHasNotIsUnknown) {
  HistoryBuilder history;
  history.invoke(0, "peek");
  history.ok(0, 1);
  const Finding finding = judge(make_fifo_queue(), history);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_THAT(finding.why, HasSubstr("operation 0 is peek; a queue has enqueue and dequeue"));
}

TEST(Objects, SpentBudgetIsUnknown) {
  HistoryBuilder history;
  for (int process = 0; process < 12; ++process) history.invoke(process, "enqueue", process);
  for (int process = 0; process < 12; ++process) history.ok(process);
  history.invoke(0, "dequeue");
  history.ok(0, 99);
  Budget budget;
  budget.steps_max = 1000;
  const Finding finding = make_linearizable_checker(make_fifo_queue())->check(history.history(), budget);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_THAT(finding.why, HasSubstr("the limit of 1000 states is used up"));
}

}  // namespace
}  // namespace ordeal::testing
