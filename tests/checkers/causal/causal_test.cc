// The three meanings of causal consistency, PRAM and the session guarantees: the histories of the papers, the
// ones on which other tools err, and a naive twin on random small histories.

#include "checkers/causal/causal.h"
#include "checkers/causal/reader_order.h"
#include "checkers/causal/sequential.h"
#include "checkers/causal/session_guarantees.h"
#include "checkers/transactions/weak_isolation.h"
#include "common/prng.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/transactions/brute_force.h"
#include "tests/checkers/transactions/random_transactions.h"
#include "tests/checkers/transactions/text_history.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ordeal::testing {
namespace {

const std::map<Level, std::string> kNames = {
    {Level::kReadYourWrites, "read your writes"},
    {Level::kMonotonicReads, "monotonic reads"},
    {Level::kMonotonicWrites, "monotonic writes"},
    {Level::kWritesFollowReads, "writes follow reads"},
    {Level::kPram, "PRAM"},
    {Level::kCausal, "CC"},
    {Level::kCausalConvergence, "CCv"},
    {Level::kCausalMemory, "CM"},
    {Level::kReadCommitted, "read committed"},
    {Level::kReadAtomic, "read atomic"},
    {Level::kSequential, "sequential"},
};

std::map<Level, LevelFinding> check(const TransactionTable& table) {
  const Result<ReadsFrom> reads = resolve_reads(table);
  EXPECT_TRUE(reads.ok());
  const CausalFindings causal = check_causal(table, *reads, {});
  const Writers writers(table, *reads);
  const SessionGuaranteeFindings guarantees = check_session_guarantees(table, *reads, writers);
  return {{Level::kReadYourWrites, guarantees.read_your_writes},
          {Level::kMonotonicReads, guarantees.monotonic_reads},
          {Level::kMonotonicWrites, guarantees.monotonic_writes},
          {Level::kWritesFollowReads, guarantees.writes_follow_reads},
          {Level::kPram, check_pram(table, *reads, writers, {})},
          {Level::kCausal, causal.causal},
          {Level::kCausalConvergence, causal.convergence},
          {Level::kCausalMemory, causal.memory},
          {Level::kReadCommitted, check_read_committed(table, *reads, writers)},
          {Level::kReadAtomic, check_read_atomic(table, *reads, writers)},
          {Level::kSequential, check_sequential(table, *reads, {}).level}};
}

Verdict verdict(const std::string& text, Level level) {
  return check(transactions(text)).at(level).verdict;
}

std::string pattern(const std::string& text, Level level) {
  const LevelFinding finding = check(transactions(text)).at(level);
  return finding.violation ? std::string(finding.violation->pattern) : "";
}

// Figure 2 of Bouajjani et al., POPL 2017.
TEST(Causal, ToldApartAsInTheFigures) {
  const std::string a = "wx1 rx2 | wx2 rx1";
  const std::string b = "wz1 wx1 wy1 | wx2 rz0 ry1 rx2";
  const std::string c = "wx1 | wx2 rx1 rx2";
  const std::string d = "wx1 ry0 wy1 rx1 | wx2 ry0 wy2 rx2";
  const std::string e = "wx1 wy1 | ry1 wx2 | rx2 rx1";
  EXPECT_EQ(verdict(a, Level::kCausal), Verdict::kValid);
  EXPECT_EQ(verdict(a, Level::kCausalMemory), Verdict::kValid);
  EXPECT_EQ(pattern(a, Level::kCausalConvergence), "CyclicCF");
  EXPECT_EQ(verdict(b, Level::kCausal), Verdict::kValid);
  EXPECT_EQ(verdict(b, Level::kCausalConvergence), Verdict::kValid);
  EXPECT_EQ(pattern(b, Level::kCausalMemory), "WriteHBInitRead");
  EXPECT_EQ(verdict(c, Level::kCausal), Verdict::kValid);
  EXPECT_EQ(pattern(c, Level::kCausalConvergence), "CyclicCF");
  EXPECT_EQ(pattern(c, Level::kCausalMemory), "CyclicHB");
  EXPECT_EQ(verdict(d, Level::kCausal), Verdict::kValid);
  EXPECT_EQ(verdict(d, Level::kCausalConvergence), Verdict::kValid);
  EXPECT_EQ(verdict(d, Level::kCausalMemory), Verdict::kValid);
  EXPECT_EQ(pattern(e, Level::kCausal), "WriteCORead");
  EXPECT_EQ(verdict(e, Level::kCausalConvergence), Verdict::kInvalid);
  EXPECT_EQ(verdict(e, Level::kCausalMemory), Verdict::kInvalid);
}

TEST(Causal, NamesThePatternsOfBadHistories) {
  EXPECT_EQ(pattern("rx1", Level::kCausal), "ThinAirRead");
  EXPECT_EQ(pattern("wx1! | rx1", Level::kCausal), "AbortedRead");
  EXPECT_EQ(pattern("rx1 wy1 | ry1 wx1", Level::kCausal), "CyclicCO");
  EXPECT_EQ(pattern("wx1 rx0", Level::kCausal), "WriteCOInitRead");
  EXPECT_EQ(pattern("wx1 wy1 | ry1 rx0", Level::kCausal), "WriteCOInitRead");
  EXPECT_EQ(pattern("[wx1 wx2] | rx1", Level::kCausal), "IntermediateRead");
  EXPECT_EQ(pattern("[wx1 rx0]", Level::kCausal), "NotMyOwnWrite");
}

TEST(Causal, ShowsTheChainFromTheWriterOverTheOtherToTheReader) {
  const TransactionTable table = transactions("wx1 wy1 | ry1 wx2 | rx2 rx1");
  const LevelFinding finding = check(table).at(Level::kCausal);
  ASSERT_TRUE(finding.violation);
  EXPECT_EQ(finding.violation->source, 0U);
  EXPECT_EQ(finding.violation->reader, 5U);
  // wx1 -> wy1 -> ry1 -> wx2 -> rx2 -> rx1
  std::vector<TransactionIndex> chain;
  for (const OrderStep& step : finding.violation->steps) chain.push_back(step.to);
  EXPECT_EQ(chain, (std::vector<TransactionIndex>{1, 2, 3, 4, 5}));
}

// A transaction that reads one key twice from another is no circle; an initial value read after an own write
// is a violation. Other tools err on both.
TEST(Causal, RightWhereOthersErr) {
  EXPECT_EQ(verdict("wx1 | [rx1 rx1]", Level::kCausalConvergence), Verdict::kValid);
  EXPECT_EQ(verdict("wx1 rx0", Level::kCausalConvergence), Verdict::kInvalid);
}

TEST(Causal, UnknownWritesCountOnlyWhenSomebodyReadThem) {
  EXPECT_EQ(verdict("wx1? | rx0", Level::kCausal), Verdict::kValid);
  EXPECT_EQ(verdict("wx1 wx2? | rx2 rx1", Level::kCausal), Verdict::kInvalid);
  EXPECT_EQ(verdict("[rx1 wy2]? | ry2", Level::kCausal), Verdict::kInvalid);
}

TEST(SessionGuarantees, EachIsRefutedByItsOwn) {
  EXPECT_EQ(verdict("wx1 rx0", Level::kReadYourWrites), Verdict::kInvalid);
  EXPECT_EQ(verdict("wx1 rx2 | wx2 rx1", Level::kReadYourWrites), Verdict::kInvalid);
  EXPECT_EQ(verdict("wx1 wx2 | rx2 rx1 | rx1 rx2", Level::kMonotonicReads), Verdict::kInvalid);
  EXPECT_EQ(verdict("wx1 | rx1 rx0", Level::kMonotonicReads), Verdict::kInvalid);
  EXPECT_EQ(verdict("rx1 wx2 | rx2 wx1", Level::kWritesFollowReads), Verdict::kInvalid);
  for (const Level level : {Level::kReadYourWrites, Level::kMonotonicReads, Level::kWritesFollowReads}) {
    EXPECT_EQ(verdict("wx1 rx1 wx2 | rx1 rx2", level), Verdict::kValid);
  }
}

// Three sessions that must interleave in one way.
TEST(Sequential, GivesAnOrderThatExplainsEveryRead) {
  const std::string text = "wx1 ry2 wx3 | rx1 wy2 rx3 | ry0 rx1 ry2";
  const TransactionTable table = transactions(text);
  const Result<ReadsFrom> reads = resolve_reads(table);
  const SequentialFinding finding = check_sequential(table, *reads, {});
  ASSERT_EQ(finding.level.verdict, Verdict::kValid);
  ASSERT_EQ(finding.order.size(), table.transaction_count());
  std::map<KeyIndex, ValueCode> registers;
  std::map<SessionIndex, TransactionIndex> next;
  for (const TransactionIndex t : finding.order) {
    const SessionIndex session = table.session_of(t);
    EXPECT_EQ(next[session]++, table.position_of(t));
    const Access access = table.access(table.access_begin(t));
    if (access.write) {
      registers[access.key] = access.value;
    } else {
      EXPECT_EQ(registers[access.key], access.value) << "T" << t;
    }
  }
}

TEST(Sequential, RefusesWhatEachSessionAloneWouldAllow) {
  EXPECT_EQ(pattern("wx1 ry0 | wy1 rx0", Level::kSequential), "CyclicSerialOrder");
  EXPECT_EQ(verdict("wx1 ry0 | wy1 rx0", Level::kCausalConvergence), Verdict::kValid);
  EXPECT_EQ(verdict("wx1 ry0 wy1 rx1 | wx2 ry0 wy2 rx2", Level::kSequential), Verdict::kInvalid);
}

TransactionShape random_shape(Rng& rng) {
  return {.sessions = static_cast<std::uint32_t>(rng.between(1, 4)),
          .transactions = static_cast<std::uint32_t>(rng.between(2, 6)),
          .keys = static_cast<std::uint32_t>(rng.between(1, 3)),
          .accesses_max = static_cast<std::uint32_t>(rng.pick(std::vector<int>{1, 1, 2, 3})),
          .odd_outcomes_of_16 = static_cast<std::uint32_t>(rng.pick(std::vector<int>{0, 0, 3})),
          .lies_of_16 = static_cast<std::uint32_t>(rng.pick(std::vector<int>{0, 1, 4, 10}))};
}

TEST(CausalAgainstBruteForce, AgreesOnRandomHistories) {
  const FuzzRange range = fuzz_range(20261128, 200'000);
  std::map<Level, std::uint64_t> invalid;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    Rng rng = Rng(range.seed).split("history", i);
    const TransactionTable table = random_transactions(rng, random_shape(rng));
    for (const auto& [level, finding] : check(table)) {
      const bool expected = holds(table, level);
      ASSERT_EQ(finding.verdict, expected ? Verdict::kValid : Verdict::kInvalid)
          << kNames.at(level) << ", seed " << range.seed << ", history " << i << ": " << print(table);
      if (!expected) ++invalid[level];
    }
  }
  // Both verdicts must be common, or the comparison shows little.
  for (const auto& [level, name] : kNames) {
    EXPECT_GT(invalid[level], range.histories / 20) << name;
    EXPECT_LT(invalid[level], range.histories * 19 / 20) << name;
  }
}

}  // namespace
}  // namespace ordeal::testing
