// Histories with one known lie each: the verdict is invalid, and the operation that lied is among the guilty.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "checkers/formats/jsonl.h"
#include "checkers/linearizability/linearizable.h"
#include "common/prng.h"
#include "tests/checkers/history_builder.h"

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

Finding check(const HistoryBuilder& history, const RegisterSemantics& semantics = {}) {
  const Status status = check_well_formed(history.history());
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  return make_linearizable_register_checker(semantics)->check(history.history(), {});
}

bool names(const std::vector<WitnessStep>& steps, std::size_t invoke) {
  return std::any_of(steps.begin(), steps.end(),
                     [&](const WitnessStep& step) { return step.invoke == invoke; });
}

std::string text_of(const Finding& finding) {
  std::string out = finding.why + '\n';
  for (const Witness& witness : finding.witnesses) {
    for (const WitnessStep& step : witness.longest) out += "  " + step.text + '\n';
    out += "  state: " + witness.state + '\n';
    for (const WitnessStep& step : witness.stuck) out += "  ! " + step.text + '\n';
  }
  return out;
}

void expect_guilty(const Finding& finding, std::size_t invoke, std::string_view sentence) {
  ASSERT_EQ(finding.verdict, Verdict::kInvalid);
  ASSERT_EQ(finding.witnesses.size(), 1u);
  EXPECT_TRUE(names(finding.witnesses[0].stuck, invoke)) << text_of(finding);
  EXPECT_THAT(finding.witnesses[0].stuck.front().text, HasSubstr(std::string(sentence))) << text_of(finding);
}

/// Some honest operations, so that the lie is not alone.
void add_honest_part(HistoryBuilder& history) {
  for (int i = 100; i < 110; ++i) {
    history.write(8, i);
    history.read(9, i);
    history.cas(8, i, i + 1000);
    history.read(9, i + 1000);
  }
}

TEST(WrongHistories, StaleRead) {
  HistoryBuilder history;
  add_honest_part(history);
  history.write(0, 1);
  const std::size_t fresh = history.write(1, 2);
  const std::size_t guilty = history.read(2, 1);
  history.read(3, 2);
  const Finding finding = check(history);
  expect_guilty(finding, guilty,
                "p2 read -> 1 (invoked at 0.085000s, ok at 0.086000s) cannot come next: it returned 1, "
                "but the register holds 2 since p1 write 2 (invoked at 0.083000s, ok at 0.084000s)");
  EXPECT_TRUE(names(finding.witnesses[0].longest, fresh)) << text_of(finding);
}

TEST(WrongHistories, StaleReadStoryIsShort) {
  HistoryBuilder history;
  add_honest_part(history);
  history.write(0, 1);
  history.write(1, 2);
  history.read(2, 1);
  const Finding finding = check(history);
  ASSERT_EQ(finding.witnesses.size(), 1u);
  EXPECT_EQ(finding.witnesses[0].longest.size(), 1u) << text_of(finding);
  EXPECT_EQ(finding.witnesses[0].stuck.size(), 2u)
      << text_of(finding);  // The read, and the write that it saw.
}

TEST(WrongHistories, LostUpdate) {
  HistoryBuilder history;
  add_honest_part(history);
  history.write(0, 1);
  history.invoke(1, "cas", Value::List{1, 2});
  const std::size_t guilty = history.invoke(2, "cas", Value::List{1, 3});
  history.ok(1);
  history.ok(2);
  expect_guilty(check(history), guilty,
                "p2 cas [1 3] (invoked at 0.084000s, ok at 0.086000s) cannot come next: it "
                "expected 1, but the register holds 2 since p1 cas [1 2]");
}

TEST(WrongHistories, DoubleCasOneAfterTheOther) {
  HistoryBuilder history;
  history.write(0, 1);
  history.cas(1, 1, 2);
  const std::size_t guilty = history.cas(2, 1, 3);
  expect_guilty(check(history), guilty, "it expected 1, but the register holds 2");
}

TEST(WrongHistories, AbortedRead) {
  HistoryBuilder history;
  add_honest_part(history);
  history.write(0, 1);
  const std::size_t aborted = history.invoke(1, "write", 7);
  history.fail(1);
  const std::size_t guilty = history.read(2, 7);
  const Finding finding = check(history);
  expect_guilty(finding, guilty, "only an operation that failed ever wrote 7");
  EXPECT_TRUE(names(finding.witnesses[0].stuck, aborted)) << text_of(finding);
}

TEST(WrongHistories, PhantomValue) {
  HistoryBuilder history;
  add_honest_part(history);
  const std::size_t guilty = history.read(2, 77);
  expect_guilty(check(history), guilty, "no operation ever wrote 77");
}

TEST(WrongHistories, ReadFromTheFuture) {
  HistoryBuilder history;
  const std::size_t guilty = history.read(2, 5);
  const std::size_t late = history.write(0, 5);
  const Finding finding = check(history);
  expect_guilty(finding, guilty, "5 was first written later");
  EXPECT_TRUE(names(finding.witnesses[0].stuck, late)) << text_of(finding);
}

TEST(WrongHistories, NewOldInversion) {
  HistoryBuilder history;
  add_honest_part(history);
  history.write(0, 1);
  history.invoke(0, "write", 2);  // Open all the time: either value alone would be right.
  const std::size_t fresh = history.read(1, 2);
  const std::size_t guilty = history.read(2, 1);
  history.ok(0);
  const Finding finding = check(history);
  expect_guilty(finding, guilty, "it returned 1, but the register holds 2");
  EXPECT_TRUE(names(finding.witnesses[0].longest, fresh)) << text_of(finding);
}

TEST(WrongHistories, FailedCasThatLies) {
  HistoryBuilder history;
  add_honest_part(history);
  const std::size_t writer = history.write(0, 1);
  const std::size_t guilty = history.invoke(1, "cas", Value::List{1, 2});
  history.fail(1, "mismatch");
  history.read(2, 1);
  const Finding finding = check(history);
  expect_guilty(finding, guilty,
                "its mismatch says that the register did not hold 1 at some time while it was open");
  EXPECT_TRUE(names(finding.witnesses[0].longest, writer)) << text_of(finding);
}

TEST(WrongHistories, FailedCasThatLiesIsFineWhereAMismatchSaysNothing) {
  HistoryBuilder history;
  history.write(0, 1);
  history.invoke(1, "cas", Value::List{1, 2});
  history.fail(1, "mismatch");
  EXPECT_EQ(check(history, {.initial = {}, .failed_cas = FailedCas::kNothing, .nil_read = NilRead::kAbsent})
                .verdict,
            Verdict::kValid);
}

TEST(WrongHistories, FailedCasWithoutMismatchSaysNothing) {
  HistoryBuilder history;
  history.write(0, 1);
  history.invoke(1, "cas", Value::List{1, 2});
  history.fail(1, "no_leader");
  history.read(0, 1);
  EXPECT_EQ(check(history).verdict, Verdict::kValid);
}

TEST(WrongHistories, FailedCasThatSawWhatWasNotThere) {
  HistoryBuilder history;
  history.write(0, 1);
  history.write(0, 2);
  const std::size_t guilty = history.invoke(1, "cas", Value::List{5, 6});
  history[history.fail(1, "mismatch")].extra.emplace("seen", 1);
  expect_guilty(check(history), guilty, "it saw 1, but the register holds 2");
}

TEST(WrongHistories, FailedCasThatSawWhatItExpected) {
  HistoryBuilder history;
  history.write(0, 1);
  const std::size_t guilty = history.invoke(1, "cas", Value::List{1, 6});
  history[history.fail(1, "mismatch")].extra.emplace("seen", 1);
  expect_guilty(check(history), guilty, "it reports a mismatch, yet saw 1, the value that it expected");
}

TEST(WrongHistories, UnknownWriteThatComesBack) {
  // Seen, overwritten, seen again: one write takes effect once, also when nobody knows when.
  HistoryBuilder history;
  history.invoke(0, "write", 1);
  history.info(0);
  history.read(1, 1);
  history.write(1, 2);
  const std::size_t guilty = history.read(2, 1);
  expect_guilty(check(history), guilty, "it returned 1, but the register holds 2");
}

TEST(WrongHistories, NilAfterAWrite) {
  HistoryBuilder history;
  history.write(0, 1);
  const std::size_t guilty = history.read(1, Value());
  expect_guilty(check(history), guilty, "it returned nil, but the register holds 1");
  EXPECT_EQ(
      check(history, {.initial = {}, .failed_cas = FailedCas::kFact, .nil_read = NilRead::kNothing}).verdict,
      Verdict::kValid);
}

TEST(WrongHistories, MutexHeldByTwo) {
  RegisterSemantics semantics;
  semantics.initial = "free";
  semantics.kind = RegisterKind::kMutex;
  HistoryBuilder history;
  for (int process = 0; process < 3; ++process) {
    history.invoke(process, "acquire");
    history.ok(process);
    history.invoke(process, "release");
    history.ok(process);
  }
  EXPECT_EQ(check(history, semantics).verdict, Verdict::kValid);
  history.invoke(0, "acquire");
  history.ok(0);
  const std::size_t guilty = history.invoke(1, "acquire");
  history.ok(1);
  expect_guilty(check(history, semantics), guilty,
                "it expected \"free\", but the register holds \"held\" since p0 acquire");
}

TEST(WrongHistories, OnlyTheViolatedKeyIsAccused) {
  HistoryBuilder history;
  history.key("a");
  history.write(0, 1);
  history.read(0, 1);
  history.key("b");
  history.write(0, 1);
  history.write(0, 2);
  history.read(1, 1);
  const Finding finding = check(history);
  ASSERT_EQ(finding.witnesses.size(), 1u);
  EXPECT_EQ(finding.witnesses[0].key, Value("b"));
  EXPECT_THAT(finding.why, HasSubstr("key \"b\": p1 read -> 1"));
}

TEST(WrongHistories, RecordedOrderDecidesAtEqualTimes) {
  HistoryBuilder history;
  history.write(0, 1);
  history.write(0, 2);
  history.read(1, 1);
  for (std::size_t i = 0; i < history.history().size(); ++i) history[i].time = milliseconds(1);
  EXPECT_EQ(check(history).verdict, Verdict::kInvalid);
}

// What an operation without a key did may be what the answers of a key are about.
TEST(WrongHistories, OperationsWithoutAKeyMayConcernAnyKey) {
  HistoryBuilder history{Value()};
  history.invoke(0, "txn", Value::List{Value::List{"w", "x", 5}});
  history.ok(0);
  history.key("x");
  history.read(1, 5);
  const Finding finding = make_linearizable_register_checker()->check(history.history(), {});
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_THAT(finding.why, HasSubstr("operation 0 is txn"));
  EXPECT_THAT(finding.why, HasSubstr("operations without a key may concern any key"));
}

TEST(WrongHistories, WhatIsNoRegisterIsUnknownAndNamed) {
  HistoryBuilder history;
  history.invoke(0, "append", 1);
  const Finding finding = check(history);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_THAT(finding.why, HasSubstr("operation 0 is append; a register has read, write and cas"));
}

// Unique values, one lie in a long honest history: it must be found wherever it is, and be named.
TEST(WrongHistories, PlantedStaleReadIsNamedWhereverItIs) {
  constexpr std::uint64_t kSeed = 7;
  for (std::uint64_t round = 0; round < 200; ++round) {
    Rng rng = Rng(kSeed).split("round", round);
    HistoryBuilder history;
    const int lie_at = static_cast<int>(rng.between(2, 99));
    std::size_t guilty = 0;
    for (int i = 1; i < 100; ++i) {
      history.write(static_cast<int>(rng.below(3)), i);
      const int reader = 3 + static_cast<int>(rng.below(3));
      const bool lies = i == lie_at;
      const std::size_t at = history.read(reader, lies ? static_cast<int>(rng.between(1, i - 1)) : i);
      if (lies) guilty = at;
    }
    const Finding finding = check(history);
    ASSERT_EQ(finding.verdict, Verdict::kInvalid) << "seed " << kSeed << ", round " << round;
    ASSERT_EQ(finding.witnesses[0].stuck.front().invoke, guilty)
        << "seed " << kSeed << ", round " << round << '\n'
        << text_of(finding);
  }
}

}  // namespace
}  // namespace ordeal::testing
