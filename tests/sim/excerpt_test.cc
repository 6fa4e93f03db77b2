#include "sim/excerpt.h"

#include <gtest/gtest.h>

namespace ordeal::sim {
namespace {

MonotonicTime second(std::int64_t n) {
  return MonotonicTime() + seconds(n);
}

/// One operation a second, each answered half a second later, but for the third, of which nobody knows.
SimResult of_history() {
  SimResult result;
  for (std::int64_t i = 0; i < 20; ++i) {
    Op op;
    op.index = i;
    op.time = milliseconds(i * 500);
    op.process = ProcessId(i / 2);
    op.type = i % 2 == 0 ? OpType::kInvoke : i == 5 ? OpType::kInfo : OpType::kOk;
    result.history.push_back(op);
  }
  result.length = seconds(60);
  result.outcome = Outcome::kHistory;
  result.kind = "linearizable";
  result.why = "key x";
  Finding other;
  other.checker = "another";
  other.verdict = Verdict::kValid;
  Finding finding;
  finding.checker = "linearizable";
  finding.verdict = Verdict::kInvalid;
  result.findings = {other, finding};
  return result;
}

WitnessStep step(std::size_t invoke, std::optional<std::size_t> complete) {
  WitnessStep step;
  step.invoke = invoke;
  step.complete = complete;
  return step;
}

TEST(ExcerptOf, ReachesFromBeforeTheGuiltyOperationsToTheirLastAnswer) {
  SimResult result = of_history();
  Witness witness;
  witness.longest = {step(0, 1), step(8, 9)};
  witness.stuck = {step(12, 13), step(10, 11)};
  Witness later;
  later.stuck = {step(18, 19)};
  result.findings[1].witnesses = {witness, later};
  const Excerpt excerpt = excerpt_of(result);
  EXPECT_EQ(excerpt.from, second(2)) << "two seconds before the last operation of the order";
  EXPECT_EQ(excerpt.to, MonotonicTime() + milliseconds(6500));
  EXPECT_EQ(excerpt.kind, "linearizable");
  EXPECT_EQ(excerpt.why, "key x");
  EXPECT_EQ(excerpt.operations,
            (std::vector<Excerpt::Operation>{{0, 1, false}, {8, 9, false}, {12, 13, true}, {10, 11, true}}));
}

TEST(ExcerptOf, DoesNotWaitForAnAnswerThatNobodyGot) {
  SimResult result = of_history();
  Witness witness;
  witness.stuck = {step(4, 5), step(0, 1)};
  result.findings[1].witnesses = {witness};
  EXPECT_EQ(excerpt_of(result).to, second(2)) << "invoked then, and its end shows nothing";
  EXPECT_EQ(excerpt_of(result).from, MonotonicTime());
}

TEST(ExcerptOf, WithoutAWitnessShowsTheEndOfTheRun) {
  SimResult result = of_history();
  EXPECT_EQ(excerpt_of(result).from, std::nullopt);
  EXPECT_EQ(excerpt_of(result).to, second(60));
  Witness nowhere;
  nowhere.stuck = {step(500, 501)};
  result.findings[1].witnesses = {nowhere};
  EXPECT_EQ(excerpt_of(result).to, second(60));
  EXPECT_TRUE(excerpt_of(result).operations.empty());
}

TEST(ExcerptOf, EndsWhenAnInvariantBreaks) {
  SimResult result = of_history();
  result.outcome = Outcome::kInvariant;
  result.broken_at = second(7);
  EXPECT_EQ(excerpt_of(result).from, std::nullopt);
  EXPECT_EQ(excerpt_of(result).to, second(7));
}

TEST(ExcerptOf, OfAGoodRunEndsBeforeTheLivenessPhase) {
  SimResult result = of_history();
  result.outcome = Outcome::kGood;
  EXPECT_EQ(excerpt_of(result).to, second(60));
  EXPECT_EQ(excerpt_of(result).kind, "");
}

}  // namespace
}  // namespace ordeal::sim
