// A hard history is unknown when the budget ends, with the reason and the cost, and never valid.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/linearizability/linearizable.h"
#include "common/prng.h"
#include "tests/checkers/linearizability/random_history.h"

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

Budget steps(std::uint64_t max) {
  Budget budget;
  budget.steps_max = max;
  return budget;
}
Budget bytes(std::uint64_t max) {
  Budget budget;
  budget.bytes_max = max;
  return budget;
}

/// Fifty clients on one key with five values, and answers that are often wrong.
History hard_history() {
  Rng rng(99);
  History history = random_history(rng, {.processes = 50,
                                         .operations = 1'000,
                                         .values = 5,
                                         .unknown_of_16 = 0,
                                         .lies_of_16 = 0,
                                         .failed_cas_sees = false});
  // A last read that nothing explains forces the search through everything.
  Op read;
  read.index = static_cast<std::int64_t>(history.size());
  read.time = history.back().time;
  read.process = ProcessId(1'000);
  read.f = "read";
  read.key = "x";
  history.push_back(read);
  read.index += 1;
  read.type = OpType::kOk;
  read.value = "never written";
  history.push_back(read);
  return history;
}

TEST(Budget, StepsEndInUnknownWithTheReason) {
  const Finding finding = make_linearizable_register_checker()->check(hard_history(), steps(20'000));
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_THAT(finding.why, HasSubstr("key \"x\": no verdict: the limit of 20000 states is used up"));
  EXPECT_THAT(finding.why, HasSubstr("1001 operations"));
  EXPECT_TRUE(finding.witnesses.empty());
  EXPECT_LE(*finding.details.find("states")->as_int(), 20'000);
}

TEST(Budget, TheSameStepsGiveTheSameFinding) {
  const History history = hard_history();
  const Budget budget = steps(5'000);
  const Finding first = make_linearizable_register_checker()->check(history, budget);
  const Finding second = make_linearizable_register_checker()->check(history, budget);
  EXPECT_EQ(first.why, second.why);
  EXPECT_EQ(first.details, second.details);
}

TEST(Budget, BytesEndInUnknownWithTheReason) {
  const Finding finding = make_linearizable_register_checker()->check(hard_history(), bytes(1 << 20));
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_THAT(finding.why, HasSubstr("the limit of 1048576 bytes of memory is used up"));
  EXPECT_LE(*finding.details.find("bytes-peak")->as_int(), 4 << 20);  // A container may have doubled once.
}

TEST(Budget, StopIsAskedAndObeyed) {
  int asked = 0;
  Budget budget;
  budget.stop = [&] { return ++asked > 3; };
  const Finding finding = make_linearizable_register_checker()->check(hard_history(), budget);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_THAT(finding.why, HasSubstr("the check was stopped"));
  EXPECT_EQ(asked, 4);
}

TEST(Budget, NothingToSpendIsNeverValid) {
  Rng rng(1);
  const History history = random_history(rng, {.processes = 3, .operations = 20});
  const Finding finding = make_linearizable_register_checker()->check(history, steps(0));
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
}

TEST(Budget, IsForEachKey) {
  Rng rng(2);
  History history = random_history(rng, {.processes = 3, .operations = 20});
  const Finding one = make_linearizable_register_checker()->check(history, {});
  const auto spent = static_cast<std::uint64_t>(*one.details.find("states")->as_int());
  const std::size_t size = history.size();
  for (std::size_t i = 0; i < size; ++i) {
    Op op = history[i];
    op.index += static_cast<std::int64_t>(size);
    op.time = op.time + history[size - 1].time;
    op.process = op.process + 1'000;
    op.key = "y";
    history.push_back(op);
  }
  EXPECT_EQ(make_linearizable_register_checker()->check(history, steps(spent + 1)).verdict, Verdict::kValid);
}

}  // namespace
}  // namespace ordeal::testing
