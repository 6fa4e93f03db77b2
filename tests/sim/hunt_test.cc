#include "sim/hunt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// --- How many runs a bug takes -----------------------------------------------------------------------------

/// Hunts that found something after 1, 2, ... n runs, so that a rank can be read off.
std::string found_after_one_to(std::uint64_t n) {
  RunsUntilFound found;
  for (std::uint64_t runs = n; runs > 0; --runs) found.add(runs, 0.5, "history linearizable");
  return found.text();
}

// The ranks are those of exact arithmetic: the largest k with P(Binomial(n, 1/2) < k) <= 2.5 %, and n + 1 -
// k. For 20: P(< 6) = 2.07 %, P(< 7) = 5.77 %.
TEST(RunsUntilFound, GivesTheIntervalOfTheMedianForAnyNumberOfHunts) {
  EXPECT_THAT(found_after_one_to(1), HasSubstr("1 of 1, runs median 1 (95 % interval 1 to 1)"));
  EXPECT_THAT(found_after_one_to(2), HasSubstr("runs median 1 (95 % interval 1 to 2)"));
  EXPECT_THAT(found_after_one_to(5), HasSubstr("runs median 3 (95 % interval 1 to 5)"));
  EXPECT_THAT(found_after_one_to(6), HasSubstr("runs median 3 (95 % interval 1 to 6)"));
  EXPECT_THAT(found_after_one_to(9), HasSubstr("runs median 5 (95 % interval 2 to 8)"));
  EXPECT_THAT(found_after_one_to(20), HasSubstr("20 of 20, runs median 10 (95 % interval 6 to 15)"));
  EXPECT_THAT(found_after_one_to(1'000), HasSubstr("runs median 500 (95 % interval 469 to 532)"));
  EXPECT_THAT(found_after_one_to(1'001), HasSubstr("runs median 501 (95 % interval 470 to 532)"));
  EXPECT_THAT(found_after_one_to(100'000), HasSubstr("runs median 50000 (95 % interval 49690 to 50311)"));
}

TEST(RunsUntilFound, SaysMoreThanWhereHuntsFoundNothing) {
  RunsUntilFound found;
  for (std::uint64_t i = 0; i < 4; ++i) found.add(10 + i, 1.0, "invariant election-safety");
  // They ended early and would have needed more runs than any that found something.
  for (std::uint64_t i = 0; i < 6; ++i) found.add(5, 3.0, std::nullopt);
  EXPECT_EQ(found.found(), 4U);
  EXPECT_EQ(found.text(),
            "4 of 10, runs median >5 (95 % interval 11 to >5), median 3.0 s; by invariant election-safety 4");
}

TEST(RunsUntilFound, NamesEveryWayInWhichItWasFound) {
  RunsUntilFound found;
  EXPECT_EQ(found.text(), "no hunts");
  found.add(3, 0.25, "invariant election-safety");
  found.add(5, 0.5, "history linearizable");
  found.add(4, 0.75, "invariant election-safety");
  EXPECT_EQ(
      found.text(),
      "3 of 3, runs median 4 (95 % interval 3 to 5), median 0.5 s; by history linearizable 1, invariant "
      "election-safety 2");
}

// --- What a hunt covered -----------------------------------------------------------------------------------

SimResult run_of(Outcome outcome, const std::string& kind, std::uint64_t ok, std::uint64_t faults) {
  SimResult result;
  result.outcome = outcome;
  result.kind = kind;
  result.length = seconds(60);
  result.events = 1'000;
  result.summary.progress.ok = ok;
  result.summary.progress.faults_verified = faults;
  return result;
}

TEST(HuntTally, CountsOnlyRunsThatCouldShowSomething) {
  HuntTally tally;
  tally.add(run_of(Outcome::kGood, "", 500, 3));
  tally.add(run_of(Outcome::kGood, "", 499, 3));
  tally.add(run_of(Outcome::kGood, "", 500, 2));
  SimResult too_short = run_of(Outcome::kGood, "", 500, 3);
  too_short.length = seconds(60) - nanoseconds(1);
  tally.add(too_short);
  EXPECT_EQ(tally.seeds(), 4U);
  EXPECT_EQ(tally.counted(), 1U);
  EXPECT_EQ(tally.bad(), 0U);
}

TEST(HuntTally, SaysHowManyFailedHowAndHowFast) {
  HuntTally tally;
  for (std::uint64_t i = 1; i <= 10; ++i) tally.add(run_of(Outcome::kGood, "", i * 100, i));
  tally.add(run_of(Outcome::kInvariant, "election-safety", 0, 0));
  tally.add(run_of(Outcome::kInvariant, "election-safety", 0, 0));
  tally.add(run_of(Outcome::kHistory, "linearizable", 2'000, 30));
  tally.add(run_of(Outcome::kUnknown, "linearizable", 1'500, 20));
  EXPECT_EQ(tally.bad(), 3U);
  EXPECT_EQ(tally.unknown(), 1U);
  const std::string text = tally.text(7.0);
  EXPECT_THAT(
      text, HasSubstr("14 seeds, of which 8 count (60 s, 500 operations, 3 faults); 3 failed, 1 unknown\n"));
  EXPECT_THAT(text, HasSubstr("840 s virtual in 7.0 s (120x), 14000 events (2000/s)\n"));
  // In order: 0, 0, 100, 200, ..., 1000, 1500, 2000.
  EXPECT_THAT(text, HasSubstr("operations ok: min 0, p10 0, median 500, p90 1500, max 2000\n"));
  EXPECT_THAT(text, HasSubstr("faults in force: min 0, p10 0, median 5, p90 20, max 30\n"));
  EXPECT_THAT(text, HasSubstr("invariant election-safety: 2 seeds\n"));
  EXPECT_THAT(text, HasSubstr("history linearizable: 1 seeds\n"));
  EXPECT_THAT(text, HasSubstr("unknown linearizable: 1 seeds\n"));
  EXPECT_THAT(text, Not(HasSubstr("good")));
}

TEST(HuntTally, NamesTheMarksThatNoSeedReached) {
  HuntTally tally;
  SimResult result = run_of(Outcome::kGood, "", 500, 3);
  result.marks = {Mark::kVoteSplit};
  tally.add(result);
  tally.add(run_of(Outcome::kGood, "", 500, 3));
  const std::string text = tally.text(1.0);
  EXPECT_THAT(text, HasSubstr("reached             1  50.0%  vote split between two candidates of a term\n"));
  EXPECT_THAT(text, HasSubstr("NEVER REACHED       0   0.0%  snapshot installed\n"));
}

TEST(HuntTally, OfNothingSaysSo) {
  EXPECT_THAT(HuntTally().text(1.0), HasSubstr("0 seeds, of which 0 count"));
  EXPECT_THAT(HuntTally().text(1.0), HasSubstr("operations ok: none\n"));
}

}  // namespace
}  // namespace ordeal::sim
