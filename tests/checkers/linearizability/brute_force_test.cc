// The checker against its naive twin on random small histories: the same verdict on each.

#include "tests/checkers/linearizability/brute_force.h"

#include <gtest/gtest.h>

#include <set>

#include "checkers/formats/jsonl.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/linearizability/random_history.h"

namespace ordeal::testing {
namespace {

constexpr std::uint64_t kTwinSeed = 20260101;

RandomShape random_shape(Rng& rng) {
  return {.processes = static_cast<std::uint32_t>(rng.between(2, 5)),
          .operations = static_cast<std::uint32_t>(rng.between(2, 10)),
          .values = rng.chance(1, 3) ? 0 : static_cast<std::uint32_t>(rng.between(1, 4)),
          .unknown_of_16 = static_cast<std::uint32_t>(rng.pick(std::vector<int>{0, 2, 6})),
          .lies_of_16 = static_cast<std::uint32_t>(rng.pick(std::vector<int>{0, 1, 3, 8})),
          .failed_cas_sees = rng.chance(1, 2)};
}

RegisterSemantics random_semantics(Rng& rng) {
  return {.initial = rng.chance(1, 4) ? Value(0) : Value(),
          .failed_cas = rng.chance(1, 3) ? FailedCas::kNothing : FailedCas::kFact,
          .nil_read = rng.chance(1, 3) ? NilRead::kNothing : NilRead::kAbsent};
}

TEST(LinearizableAgainstBruteForce, AgreesOnRandomHistories) {
  const FuzzRange range = fuzz_range(kTwinSeed, 200'000);
  std::uint64_t invalid = 0;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    Rng rng = Rng(range.seed).split("history", i);
    const RandomShape shape = random_shape(rng);
    const RegisterSemantics semantics = random_semantics(rng);
    const History history = random_history(rng, shape);
    const bool expected = has_an_order(history, semantics);
    const Finding finding = make_linearizable_register_checker(semantics)->check(history, {});
    ASSERT_EQ(finding.verdict, expected ? Verdict::kValid : Verdict::kInvalid)
        << "seed " << range.seed << ", history " << i << '\n'
        << print_jsonl(history);
    if (!expected) ++invalid;
  }
  // Both verdicts must be common, or the comparison shows little.
  EXPECT_GT(invalid, range.histories / 4);
  EXPECT_LT(invalid, range.histories * 3 / 4);
}

/// The first `size` events. An operation that fails later never happens, which its open invocation does not
/// show.
History prefix(const History& history, std::size_t size) {
  std::set<std::size_t> hidden;
  for (const Operation& operation : pair_operations(history)) {
    const bool later = operation.complete && *operation.complete >= size;
    if (later && history[*operation.complete].type == OpType::kFail) hidden.insert(operation.invoke);
  }
  History out;
  for (std::size_t i = 0; i < size; ++i) {
    if (!hidden.contains(i)) out.push_back(history[i]);
  }
  return out;
}

TEST(LinearizableAgainstBruteForce, AccusesTheFirstAnswerThatNoOrderExplains) {
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    Rng rng = Rng(kTwinSeed).split("first", i);
    const RegisterSemantics semantics = random_semantics(rng);
    const History history = random_history(rng, random_shape(rng));
    const Finding finding = make_linearizable_register_checker(semantics)->check(history, {});
    if (finding.verdict == Verdict::kValid) continue;
    const std::size_t answer = finding.witnesses.at(0).stuck.at(0).complete.value();
    ASSERT_TRUE(has_an_order(prefix(history, answer), semantics))
        << "seed " << kTwinSeed << ", history " << i;
    ASSERT_FALSE(has_an_order(prefix(history, answer + 1), semantics))
        << "seed " << kTwinSeed << ", history " << i;
  }
}

TEST(LinearizableAgainstBruteForce, HonestRegistersAreValid) {
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    Rng rng = Rng(kTwinSeed).split("honest", i);
    RandomShape shape = random_shape(rng);
    shape.lies_of_16 = 0;
    shape.operations = 60;
    const History history = random_history(rng, shape);
    ASSERT_TRUE(check_well_formed(history).ok());
    const Finding finding = make_linearizable_register_checker()->check(history, {});
    ASSERT_EQ(finding.verdict, Verdict::kValid) << "seed " << kTwinSeed << ", history " << i << '\n'
                                                << finding.why;
  }
}

}  // namespace
}  // namespace ordeal::testing
