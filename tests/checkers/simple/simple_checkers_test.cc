// The simple checkers on histories that are wrong, and two of them against their definitions on random ones.

#include "checkers/formats/jsonl.h"
#include "checkers/simple/bank.h"
#include "checkers/simple/counter.h"
#include "checkers/simple/queue.h"
#include "checkers/simple/set_full.h"
#include "checkers/simple/unique_ids.h"
#include "common/prng.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/simple/told_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

Value list(std::initializer_list<int> elements) {
  Value::List out;
  for (const int element : elements) out.push_back(element);
  return out;
}

TEST(UniqueIds, NamesBothWhoGotAnId) {
  HistoryBuilder history;
  does(history, 0, "generate", {}, 5);
  const std::size_t first = does(history, 1, "generate", {}, "a");
  does(history, 0, "generate", {}, 6);
  const std::size_t second = does(history, 2, "generate", {}, "a");
  const Finding finding = make_unique_ids_checker()->check(history.history(), {});
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  ASSERT_EQ(finding.witnesses.size(), 1U);
  EXPECT_EQ(finding.witnesses[0].stuck[0].invoke, first);
  EXPECT_EQ(finding.witnesses[0].stuck[1].invoke, second);
  EXPECT_EQ(figure(finding, "generated"), 4);
  EXPECT_EQ(figure(finding, "duplicated"), 1);
}

TEST(UniqueIds, WhatNobodyKnowsIsNoId) {
  HistoryBuilder history;
  does(history, 0, "generate", {}, 5);
  history.invoke(0, "generate");
  history.info(0);
  EXPECT_EQ(make_unique_ids_checker()->check(history.history(), {}).verdict, Verdict::kValid);
}

Finding count(const HistoryBuilder& history) {
  return make_counter_checker()->check(history.history(), {});
}

TEST(Counter, ReadsLieBetweenWhatWasAddedAndWhatMayHaveBeen) {
  HistoryBuilder history;
  does(history, 0, "add", 3, 3);
  history.invoke(1, "add", 2);
  does(history, 2, "read", {}, 3);
  does(history, 2, "read", {}, 5);
  history.info(1);
  does(history, 2, "read", {}, 3);
  EXPECT_EQ(count(history).verdict, Verdict::kValid);
  const std::size_t guilty = does(history, 2, "read", {}, 2);
  does(history, 2, "read", {}, 6);
  const Finding finding = count(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "out-of-bounds"), 2);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, guilty);
  EXPECT_THAT(finding.why, HasSubstr("read 2, but the counter was between 3 and 5 then"));
}

TEST(Counter, AFailedAdditionCountsForNothing) {
  HistoryBuilder history;
  history.invoke(0, "add", 4);
  does(history, 1, "read", {}, 4);
  history.fail(0);
  EXPECT_EQ(count(history).verdict, Verdict::kInvalid);
}

TEST(Counter, SaysWhenItCannotTell) {
  HistoryBuilder words;
  does(words, 0, "add", "one", "one");
  EXPECT_EQ(count(words).verdict, Verdict::kUnknown);
  HistoryBuilder large;
  does(large, 0, "add", Value(INT64_MAX), Value(INT64_MAX));
  does(large, 0, "add", 1, 1);
  EXPECT_EQ(count(large).verdict, Verdict::kUnknown);
}

/// The definition, for steps of one: some moment of the read has a subset of the open additions that fits.
bool fits(const History& history, const Operation& read) {
  const std::vector<Operation> operations = pair_operations(history);
  const std::int64_t seen = *history[*read.complete].value.as_int();
  for (std::size_t moment = read.invoke; moment < *read.complete; ++moment) {
    std::set<std::int64_t> sums = {0};
    for (const Operation& operation : operations) {
      if (history[operation.invoke].f != "add" || operation.invoke > moment) continue;
      const OpType outcome = operation.complete ? history[*operation.complete].type : OpType::kInfo;
      if (outcome == OpType::kFail) continue;
      const std::int64_t delta = *history[operation.invoke].value.as_int();
      const bool certain = outcome == OpType::kOk && *operation.complete <= moment;
      std::set<std::int64_t> next;
      for (const std::int64_t sum : sums) {
        next.insert(sum + delta);
        if (!certain) next.insert(sum);
      }
      sums = next;
    }
    if (sums.contains(seen)) return true;
  }
  return false;
}

TEST(CounterAgainstDefinition, AgreesOnRandomHistories) {
  const FuzzRange range = fuzz_range(20261204, 200'000);
  std::uint64_t invalid = 0;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    Rng rng = Rng(range.seed).split("history", i);
    HistoryBuilder history;
    std::map<int, std::string> open;
    int next_process = 4;
    std::vector<int> processes = {0, 1, 2, 3};
    for (std::int64_t events = rng.between(2, 16); events > 0; --events) {
      int& process = processes[rng.below(processes.size())];
      if (open[process].empty()) {
        const bool add = rng.chance(1, 2);
        history.invoke(process, add ? "add" : "read", add ? Value(rng.chance(1, 3) ? -1 : 1) : Value());
        open[process] = add ? "add" : "read";
        continue;
      }
      const bool add = std::exchange(open[process], "") == "add";
      if (add && rng.chance(1, 6)) {
        history.info(process);
        process = next_process++;
      } else if (add && rng.chance(1, 6)) {
        history.fail(process);
      } else if (add) {
        history.ok(process);
      } else {
        history.ok(process, Value(rng.between(-2, 3)));
      }
    }
    std::int64_t wrong = 0;
    for (const Operation& operation : pair_operations(history.history())) {
      const bool read = history.history()[operation.invoke].f == "read" && operation.complete;
      if (read && !fits(history.history(), operation)) ++wrong;
    }
    const Finding finding = count(history);
    ASSERT_EQ(figure(finding, "out-of-bounds"), wrong) << "seed " << range.seed << ", history " << i << '\n'
                                                       << print_jsonl(history.history());
    ASSERT_EQ(finding.verdict, wrong > 0 ? Verdict::kInvalid : Verdict::kValid);
    invalid += wrong > 0 ? 1 : 0;
  }
  EXPECT_GT(invalid, range.histories / 8);
  EXPECT_LT(invalid, range.histories * 7 / 8);
}

Finding check_set(const HistoryBuilder& history, StaleReads stale = StaleReads::kAllowed) {
  return make_set_full_checker(stale)->check(history.history(), {});
}

TEST(SetFull, NamesWhatIsLost) {
  HistoryBuilder history;
  const std::size_t added = does(history, 0, "add", 1, 1);
  does(history, 0, "add", 2, 2);
  const std::size_t had = does(history, 1, "read", {}, list({1, 2}));
  const std::size_t guilty = does(history, 1, "read", {}, list({2}));
  const Finding finding = check_set(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "lost"), 1);
  EXPECT_EQ(figure(finding, "stable"), 1);
  const std::vector<WitnessStep>& steps = finding.witnesses.at(0).stuck;
  EXPECT_EQ(steps.at(0).invoke, guilty);
  EXPECT_EQ(steps.at(1).invoke, added);
  EXPECT_EQ(steps.at(2).invoke, had);
  EXPECT_THAT(finding.why, HasSubstr("did not read 1"));
}

TEST(SetFull, StaleReadsAreAMatterOfTheLevel) {
  HistoryBuilder history;
  does(history, 0, "add", 1, 1);
  does(history, 1, "read", {}, list({}));
  does(history, 1, "read", {}, list({1}));
  const Finding allowed = check_set(history);
  EXPECT_EQ(allowed.verdict, Verdict::kValid);
  EXPECT_EQ(figure(allowed, "stale"), 1);
  EXPECT_EQ(figure(allowed, "stale-latency-max"), 1'000'000);
  const Finding forbidden = check_set(history, StaleReads::kForbidden);
  EXPECT_EQ(forbidden.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(forbidden, "stale"), 1);
}

TEST(SetFull, NamesTheUnexpectedAndTheDuplicated) {
  HistoryBuilder history;
  history.invoke(0, "add", 1);
  history.fail(0);
  does(history, 0, "add", 2, 2);
  does(history, 1, "read", {}, list({1, 2, 2, 7}));
  const Finding finding = check_set(history);
  EXPECT_EQ(figure(finding, "unexpected"), 2);
  EXPECT_EQ(figure(finding, "duplicated"), 1);
}

TEST(SetFull, WithoutAReadAfterwardsNothingIsKnown) {
  HistoryBuilder history;
  does(history, 1, "read", {}, list({}));
  does(history, 0, "add", 1, 1);
  EXPECT_EQ(check_set(history).verdict, Verdict::kUnknown);
}

/// The definitions, element by element and read by read.
std::map<std::string, std::int64_t> set_by_definition(const History& history) {
  std::map<std::string, std::int64_t> out = {
      {"lost", 0}, {"stale", 0}, {"unexpected", 0}, {"never-read", 0}, {"stable", 0}};
  const std::vector<Operation> operations = pair_operations(history);
  const auto is_read = [&](const Operation& operation) {
    return history[operation.invoke].f == "read" && operation.complete &&
           history[*operation.complete].type == OpType::kOk;
  };
  const auto has = [&](const Operation& read, const Value& element) {
    const Value::List& elements = *history[*read.complete].value.as_list();
    return std::find(elements.begin(), elements.end(), element) != elements.end();
  };
  for (std::int64_t number = 0; number < 8; ++number) {
    const Value element(number);
    const Operation* add = nullptr;
    std::size_t known = SIZE_MAX;
    bool seen = false;
    for (const Operation& operation : operations) {
      if (history[operation.invoke].f == "add" && history[operation.invoke].value == element) {
        add = &operation;
        const bool ok = operation.complete && history[*operation.complete].type == OpType::kOk;
        if (ok) known = std::min(known, *operation.complete);
      }
      if (is_read(operation) && has(operation, element)) {
        seen = true;
        known = std::min(known, *operation.complete);
      }
    }
    const bool failed = add != nullptr && add->complete && history[*add->complete].type == OpType::kFail;
    if (add == nullptr || failed) {
      out["unexpected"] += seen ? 1 : 0;
      continue;
    }
    if (known == SIZE_MAX) continue;
    std::vector<bool> later;  // had it, of the reads that were invoked afterwards, in order
    for (const Operation& operation : operations) {
      if (is_read(operation) && operation.invoke > known) later.push_back(has(operation, element));
    }
    if (later.empty()) {
      ++out["never-read"];
    } else if (std::find(later.begin(), later.end(), false) == later.end()) {
      ++out["stable"];
    } else {
      ++out[later.back() ? "stale" : "lost"];
    }
  }
  return out;
}

TEST(SetFullAgainstDefinition, AgreesOnRandomHistories) {
  const FuzzRange range = fuzz_range(20261205, 200'000);
  std::map<std::string, std::uint64_t> seen;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    Rng rng = Rng(range.seed).split("history", i);
    HistoryBuilder history;
    std::vector<int> processes = {0, 1, 2, 3};
    std::map<int, std::string> open;
    int next_process = 4;
    std::int64_t element = 0;
    const std::uint64_t loss = rng.pick(std::vector<int>{0, 1, 4});
    for (std::int64_t events = rng.between(2, 24); events > 0; --events) {
      int& process = processes[rng.below(processes.size())];
      if (open[process].empty()) {
        const bool add = element < 7 && rng.chance(1, 2);
        history.invoke(process, add ? "add" : "read", add ? Value(element++) : Value());
        open[process] = add ? "add" : "read";
        continue;
      }
      if (std::exchange(open[process], "") == "read") {
        Value::List elements;
        for (std::int64_t e = 0; e < element; ++e) {
          if (rng.below(8) >= loss + 1) elements.push_back(e);
        }
        if (rng.chance(1, 16)) elements.push_back(7);
        history.ok(process, elements);
      } else if (rng.chance(1, 6)) {
        history.info(process);
        process = next_process++;
      } else if (rng.chance(1, 6)) {
        history.fail(process);
      } else {
        history.ok(process);
      }
    }
    const Finding finding = check_set(history, StaleReads::kForbidden);
    for (const auto& [name, number] : set_by_definition(history.history())) {
      ASSERT_EQ(figure(finding, name), number) << name << ", seed " << range.seed << ", history " << i << '\n'
                                               << print_jsonl(history.history());
      seen[name] += number > 0 ? 1 : 0;
    }
  }
  for (const auto& [name, count] : seen) EXPECT_GT(count, range.histories / 50) << name;
}

TEST(TotalQueue, NamesWhatIsLostDoubledAndFromNowhere) {
  HistoryBuilder history;
  const std::size_t lost = does(history, 0, "enqueue", 1, 1);
  does(history, 0, "enqueue", 2, 2);
  history.invoke(3, "enqueue", 3);
  history.info(3);
  does(history, 1, "dequeue", {}, 2);
  does(history, 1, "dequeue", {}, 3);
  EXPECT_EQ(figure(make_total_queue_checker()->check(history.history(), {}), "lost"), 1);
  does(history, 1, "dequeue", {}, 2);
  does(history, 1, "dequeue", {}, 9);
  const Finding finding = make_total_queue_checker()->check(history.history(), {});
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "duplicated"), 1);
  EXPECT_EQ(figure(finding, "unexpected"), 1);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, lost);
}

TEST(TotalQueue, ADrainOfUnknownOutcomeMayHaveTakenEverything) {
  HistoryBuilder history;
  does(history, 0, "enqueue", 1, 1);
  does(history, 0, "enqueue", 2, 2);
  does(history, 1, "drain", {}, list({1}));
  EXPECT_EQ(make_total_queue_checker()->check(history.history(), {}).verdict, Verdict::kInvalid);
  history.invoke(1, "drain");
  history.info(1);
  EXPECT_EQ(make_total_queue_checker()->check(history.history(), {}).verdict, Verdict::kUnknown);
}

TEST(Bank, NamesReadsOfNoMoment) {
  const auto balances = [](int a, int b) { return Value(Value::Map{{"a", a}, {"b", b}}); };
  HistoryBuilder history;
  does(history, 0, "read", {}, balances(6, 4));
  does(history, 0, "transfer", {}, {});
  does(history, 0, "read", {}, balances(9, 1));
  EXPECT_EQ(make_bank_checker({})->check(history.history(), {}).verdict, Verdict::kValid);
  EXPECT_EQ(make_bank_checker({.total = 11})->check(history.history(), {}).verdict, Verdict::kInvalid);
  const std::size_t wrong = does(history, 0, "read", {}, balances(9, 4));
  does(history, 0, "read", {}, balances(11, -1));
  does(history, 0, "read", {}, Value::Map{{"a", 10}});
  does(history, 0, "read", {}, Value::Map{{"a", 10}, {"b", Value()}});
  const Finding finding = make_bank_checker({})->check(history.history(), {});
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  for (const char* name : {"wrong-total", "negative-balance", "missing-balance", "other-accounts"}) {
    EXPECT_EQ(figure(finding, name), 1) << name;
  }
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, wrong);
  EXPECT_EQ(make_bank_checker({.total = {}, .negative_balances = true})
                ->check(history.history(), {})
                .details.find("negative-balance")
                ->as_int()[0],
            0);
}

TEST(Bank, WithoutReadsNothingIsKnown) {
  EXPECT_EQ(make_bank_checker({})->check(History(), {}).verdict, Verdict::kUnknown);
}

}  // namespace
}  // namespace ordeal::testing
