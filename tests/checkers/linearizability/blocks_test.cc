// The block algorithm against the naive twin and the search, where all written values are different.

#include "checkers/linearizability/blocks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "checkers/formats/jsonl.h"
#include "checkers/linearizability/search.h"
#include "checkers/linearizability/weaken.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/linearizability/brute_force.h"
#include "tests/checkers/linearizability/random_history.h"

namespace ordeal::testing {
namespace {

constexpr std::uint64_t kBlocksSeed = 20260202;

RegisterProblem problem_of(const History& history, const RegisterSemantics& semantics = {}) {
  const std::vector<KeySlice> slices = split_by_key(history);
  EXPECT_EQ(slices.size(), 1u);
  Result<RegisterProblem> problem = make_register_problem(history, slices.at(0), semantics);
  EXPECT_TRUE(problem.ok());
  return *std::move(problem);
}

TEST(Blocks, AgreeWithBruteForceWhereTheyCanTell) {
  std::uint64_t valid = 0;
  std::uint64_t invalid = 0;
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    Rng rng = Rng(kBlocksSeed).split("history", i);
    const RandomShape shape{.processes = static_cast<std::uint32_t>(rng.between(2, 5)),
                            .operations = static_cast<std::uint32_t>(rng.between(2, 10)),
                            .values = 0,
                            .unknown_of_16 = static_cast<std::uint32_t>(rng.between(0, 6)),
                            .lies_of_16 = static_cast<std::uint32_t>(rng.between(0, 4)),
                            .failed_cas_sees = true};
    const RegisterSemantics semantics{.initial = {},
                                      .failed_cas = rng.chance(1, 2) ? FailedCas::kNothing : FailedCas::kFact,
                                      .nil_read = NilRead::kAbsent};
    const History history = random_history(rng, shape);
    const RegisterProblem problem = problem_of(history, semantics);
    const std::optional<BlockVerdict> verdict = decide_by_blocks(problem);
    if (!verdict) continue;
    ++(verdict->valid ? valid : invalid);
    ASSERT_EQ(verdict->valid, has_an_order(history, semantics))
        << "seed " << kBlocksSeed << ", history " << i << '\n'
        << print_jsonl(history);
    if (verdict->valid) continue;
    // What it accuses is a violation by itself.
    ASSERT_EQ(search(keep_values(problem, verdict->values), {}).end, SearchEnd::kNone)
        << "seed " << kBlocksSeed << ", history " << i << '\n'
        << print_jsonl(history);
  }
  EXPECT_GT(valid, 10'000u);
  EXPECT_GT(invalid, 10'000u);
}

TEST(Blocks, CannotTellWithTwoWritersOfAValue) {
  HistoryBuilder history;
  history.write(0, 1);
  history.write(0, 1);
  EXPECT_FALSE(decide_by_blocks(problem_of(history.history())).has_value());
}

TEST(Blocks, CannotTellWhenTheInitialValueIsWritten) {
  HistoryBuilder history;
  history.write(0, Value());
  EXPECT_FALSE(decide_by_blocks(problem_of(history.history())).has_value());
}

TEST(Blocks, CannotTellWithNegativeFacts) {
  HistoryBuilder history;
  history.invoke(0, "cas", Value::List{1, 2});
  history.fail(0, "mismatch");
  EXPECT_FALSE(decide_by_blocks(problem_of(history.history())).has_value());
}

TEST(Blocks, ACircleOfCompareAndSetsHasNoBeginning) {
  HistoryBuilder history;
  history.invoke(0, "cas", Value::List{1, 2});
  history.invoke(1, "cas", Value::List{2, 1});
  history.ok(0);
  history.ok(1);
  const std::optional<BlockVerdict> verdict = decide_by_blocks(problem_of(history.history()));
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->valid);
  EXPECT_EQ(make_linearizable_register_checker()->check(history.history(), {}).verdict, Verdict::kInvalid);
}

/// Fifty clients that are always busy on one key: out of reach for a search.
History contended_history(std::uint64_t seed) {
  Rng rng(seed);
  return random_history(rng, {.processes = 50,
                              .operations = 2'000,
                              .values = 0,
                              .unknown_of_16 = 1,
                              .lies_of_16 = 0,
                              .failed_cas_sees = true});
}

TEST(Blocks, DecideFiftyContendedClients) {
  RegisterSemantics semantics;
  semantics.failed_cas = FailedCas::kNothing;
  const Finding finding = make_linearizable_register_checker(semantics)->check(contended_history(1), {});
  EXPECT_EQ(finding.verdict, Verdict::kValid);
  EXPECT_EQ(*finding.details.find("states"), Value(1));
}

TEST(Blocks, NameTheLieAmongFiftyContendedClients) {
  RegisterSemantics semantics;
  semantics.failed_cas = FailedCas::kNothing;
  History history = contended_history(2);
  // One more read at the end, of the first value that was written.
  Op read;
  read.index = static_cast<std::int64_t>(history.size());
  read.time = history.back().time;
  read.process = ProcessId(100'000);
  read.f = "read";
  read.key = "x";
  const auto first_write = std::find_if(
      history.begin(), history.end(), [](const Op& op) { return op.f == "write" && op.type == OpType::kOk; });
  ASSERT_NE(first_write, history.end());
  const Value stale = first_write->value;
  history.push_back(read);
  ++read.index;
  read.type = OpType::kOk;
  read.value = stale;
  history.push_back(read);
  const Finding finding = make_linearizable_register_checker(semantics)->check(history, {});
  ASSERT_EQ(finding.verdict, Verdict::kInvalid);
  ASSERT_EQ(finding.witnesses.size(), 1u);
  EXPECT_EQ(finding.witnesses[0].stuck.front().invoke, history.size() - 2) << finding.why;
  EXPECT_LE(finding.witnesses[0].longest.size(), 4u);
}

}  // namespace
}  // namespace ordeal::testing
