#include "controller/report/digest.h"

#include "common/prng.h"
#include "tests/controller/report/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace ordeal::report {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Times are given in ms; each call adds one line.
class HistoryBuilder {
 public:
  HistoryBuilder& add(std::int64_t ms, std::int64_t process, OpType type) {
    Op op;
    op.index = static_cast<std::int64_t>(history_.size());
    op.time = milliseconds(ms);
    op.process = ProcessId(process);
    op.type = type;
    op.f = "read";
    op.key = "x";
    history_.push_back(op);
    return *this;
  }
  [[nodiscard]] const History& history() const { return history_; }

 private:
  History history_;
};

TEST(Digest, AProcessThatEndedInInfoLeavesItsLane) {
  HistoryBuilder builder;
  builder.add(0, 0, OpType::kInvoke)
      .add(0, 1, OpType::kInvoke)
      .add(5, 0, OpType::kInfo)
      .add(6, 2, OpType::kInvoke);
  const Digest result = digest(builder.history());
  EXPECT_EQ(result.lanes, 2U);
  ASSERT_THAT(result.operations, SizeIs(3));
  EXPECT_EQ(result.operations[0].lane, result.operations[2].lane);
  EXPECT_NE(result.operations[0].lane, result.operations[1].lane);
}

TEST(Digest, OperationsOnOneLaneNeverOverlap) {
  const History history = make_sample({.seed = 9}).history;
  const Digest result = digest(history);
  std::vector<std::size_t> free_from(result.lanes);
  for (const DigestOperation& operation : result.operations) {
    EXPECT_GE(operation.invoke, free_from[operation.lane]);
    free_from[operation.lane] = operation.complete.value_or(history.size());
  }
  EXPECT_EQ(result.lanes, 10U) << "one lane per client, however many processes a client went through";
}

TEST(Digest, WhatNeverCompletedIsInfo) {
  HistoryBuilder builder;
  builder.add(0, 0, OpType::kInvoke);
  EXPECT_EQ(digest(builder.history()).operations[0].outcome, Outcome::kInfo);
}

TEST(Digest, SlicesCountEveryCompletionOnce) {
  const History history = make_sample({.seed = 5}).history;
  const Digest result = digest(history);
  const OutcomeCounts counts = count_outcomes(history);
  const auto sum = [](const std::vector<std::uint32_t>& v) {
    return std::accumulate(v.begin(), v.end(), std::uint64_t{0});
  };
  EXPECT_EQ(sum(result.slices.ok), counts.ok);
  EXPECT_EQ(sum(result.slices.fail), counts.fail);
  EXPECT_EQ(sum(result.slices.info), counts.info);
  EXPECT_LE(result.slices.ok.size(), 241U);
}

/// The definition, slowly: the smallest value that at least `percent` of the values do not exceed.
std::int64_t slow_quantile(const std::vector<std::int64_t>& values, int percent) {
  std::int64_t best = -1;
  for (const std::int64_t candidate : values) {
    const auto covered =
        std::count_if(values.begin(), values.end(), [&](std::int64_t v) { return v <= candidate; });
    const bool enough = covered * 100 >= percent * static_cast<std::int64_t>(values.size());
    if (enough && (best < 0 || candidate < best)) best = candidate;
  }
  return best;
}

TEST(Digest, QuantilesAreThoseOfTheDefinition) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    HistoryBuilder builder;
    std::vector<std::int64_t> values;
    std::int64_t now = 0;
    for (std::uint64_t i = 0; i < 1 + rng.below(40); ++i) {
      const std::int64_t length = rng.between(0, 9);
      builder.add(now, 0, OpType::kInvoke).add(now + length, 0, OpType::kOk);
      now += length;
      values.push_back(length * 1'000'000);
    }
    const LatencyFigures latency = digest(builder.history()).latency;
    EXPECT_EQ(latency.p50.ns(), slow_quantile(values, 50)) << "seed " << seed;
    EXPECT_EQ(latency.p95.ns(), slow_quantile(values, 95)) << "seed " << seed;
    EXPECT_EQ(latency.longest.ns(), *std::max_element(values.begin(), values.end())) << "seed " << seed;
  }
}

TEST(Digest, AnOpenLoopCountsFromThePlannedStart) {
  HistoryBuilder builder;
  builder.add(10, 0, OpType::kInvoke).add(12, 0, OpType::kOk);
  History history = builder.history();
  history[0].intended = milliseconds(4);
  EXPECT_EQ(digest(history).latency.p50, milliseconds(8));
}

TEST(Digest, AnEmptyHistoryHasNothing) {
  const Digest result = digest({});
  EXPECT_THAT(result.operations, IsEmpty());
  EXPECT_EQ(result.latency.count, 0U);
  EXPECT_EQ(result.lanes, 0U);
}

TEST(Digest, ALongRunHasNoMoreSlicesThanAskedFor) {
  for (const std::int64_t hours : {1, 10, 1000}) {
    HistoryBuilder builder;
    builder.add(0, 0, OpType::kInvoke).add(hours * 3'600'000, 0, OpType::kOk);
    EXPECT_LE(digest(builder.history(), 240).slices.ok.size(), 241U) << hours;
  }
}

TEST(ChooseShown, KeepsTheGuiltyAndWhatDidNotEndOk) {
  const History history = make_sample({.seed = 7}).history;
  const Digest result = digest(history);
  const std::set<std::size_t> always = {result.operations[100].invoke};
  const std::vector<std::size_t> shown = choose_shown(result, always, 1000);
  EXPECT_THAT(shown, SizeIs(1000));
  EXPECT_TRUE(std::is_sorted(shown.begin(), shown.end()));
  EXPECT_EQ(std::adjacent_find(shown.begin(), shown.end()), shown.end());
  EXPECT_THAT(shown, Contains(100U));
  for (std::size_t i = 0; i < result.operations.size(); ++i) {
    if (result.operations[i].outcome == Outcome::kOk) continue;
    EXPECT_TRUE(std::binary_search(shown.begin(), shown.end(), i)) << i;
  }
}

TEST(ChooseShown, ShowsAllWhenThereIsRoom) {
  const Digest result = digest(make_sample({.length = seconds(1)}).history);
  EXPECT_THAT(choose_shown(result, {}, result.operations.size()), SizeIs(result.operations.size()));
}

TEST(ChooseShown, MoreThanRoomForNotableOnesTakesSomeOfThem) {
  HistoryBuilder builder;
  for (std::int64_t i = 0; i < 100; ++i) builder.add(i, 0, OpType::kInvoke).add(i, 0, OpType::kFail);
  EXPECT_THAT(choose_shown(digest(builder.history()), {}, 10), SizeIs(10));
}

}  // namespace
}  // namespace ordeal::report
