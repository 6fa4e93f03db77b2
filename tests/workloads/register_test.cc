#include "workloads/register.h"

#include "workloads/catalog.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace ordeal {
namespace {

Op end(const Op& invoke, OpType type, Value value = Value()) {
  Op op = invoke;
  op.type = type;
  op.value = std::move(value);
  return op;
}

std::string key_of(const Op& op) {
  return *op.key.as_string();
}

RegisterOptions one_key() {
  RegisterOptions options;
  options.keys = 1;
  return options;
}

TEST(RegisterWorkload, KeepsToTheConcurrencyPerKey) {
  RegisterOptions options;
  options.keys = 3;
  options.concurrency_per_key = 2;
  RegisterWorkload workload(options);
  Rng rng(1);
  std::map<std::string, int> open;
  for (int i = 0; i < 6; ++i) {
    const auto op = workload.next(rng, ProcessId(i));
    ASSERT_TRUE(op.has_value());
    EXPECT_LE(++open[key_of(*op)], 2);
  }
  EXPECT_FALSE(workload.next(rng, ProcessId(7)).has_value());
}

TEST(RegisterWorkload, InfoKeepsItsPlaceOnTheKeyForEver) {
  RegisterOptions options = one_key();
  options.concurrency_per_key = 4;
  options.read_weight = 0;
  RegisterWorkload workload(options);
  Rng rng(1);
  const auto first = workload.next(rng, ProcessId(0));
  workload.completed(*first, end(*first, OpType::kInfo, first->value));
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(workload.next(rng, ProcessId(i)).has_value());
  EXPECT_FALSE(workload.next(rng, ProcessId(4)).has_value());
}

TEST(RegisterWorkload, RetiresAKeyWhoseRoomIsHalfTakenByInfo) {
  RegisterOptions options = one_key();
  options.concurrency_per_key = 4;
  options.read_weight = 0;
  RegisterWorkload workload(options);
  Rng rng(1);
  std::string key;
  for (int i = 0; i < 2; ++i) {
    const auto op = workload.next(rng, ProcessId(i));
    key = key_of(*op);
    workload.completed(*op, end(*op, OpType::kInfo, op->value));
  }
  EXPECT_NE(key_of(*workload.next(rng, ProcessId(2))), key);
}

TEST(RegisterWorkload, RetiresAKeyAfterItsOperationsAndGivesAFreshOne) {
  RegisterOptions options = one_key();
  options.operations_per_key = 3;
  RegisterWorkload workload(options);
  Rng rng(1);
  std::vector<std::string> keys;
  for (int i = 0; i < 9; ++i) {
    const auto op = workload.next(rng, ProcessId(0));
    keys.push_back(key_of(*op));
    workload.completed(*op, end(*op, OpType::kFail));
  }
  EXPECT_THAT(keys, ::testing::ElementsAre("r1", "r1", "r1", "r2", "r2", "r2", "r3", "r3", "r3"));
}

TEST(RegisterWorkload, UniqueValuesNameProcessAndSequence) {
  RegisterOptions options;
  options.read_weight = 0;
  options.cas_weight = 0;
  RegisterWorkload workload(options);
  Rng rng(1);
  EXPECT_EQ(workload.next(rng, ProcessId(3))->value, Value("3-1"));
  EXPECT_EQ(workload.next(rng, ProcessId(3))->value, Value("3-2"));
  EXPECT_EQ(workload.next(rng, ProcessId(4))->value, Value("4-1"));
}

TEST(RegisterWorkload, SmallDomainIsFiveTexts) {
  RegisterOptions options = one_key();
  options.unique_values = false;
  options.read_weight = options.cas_weight = 0;
  RegisterWorkload workload(options);
  Rng rng(1);
  std::set<std::string> values;
  for (int i = 0; i < 200; ++i) {
    const auto op = workload.next(rng, ProcessId(0));
    values.insert(*op->value.as_string());
    workload.completed(*op, end(*op, OpType::kFail));
  }
  EXPECT_THAT(values, ::testing::ElementsAre("0", "1", "2", "3", "4"));
}

TEST(RegisterWorkload, CasExpectsAbsenceOnAFreshKeyAndThenWhatWasSeen) {
  RegisterOptions options = one_key();
  options.read_weight = options.write_weight = 0;
  options.concurrency_per_key = 64;
  RegisterWorkload workload(options);
  Rng rng(1);
  const auto first = workload.next(rng, ProcessId(0));
  EXPECT_TRUE((*first->value.as_list())[0].is_nil());
  Op mismatch = end(*first, OpType::kFail, first->value);
  mismatch.error = "mismatch";
  mismatch.extra.emplace("seen", "other");
  workload.completed(*first, mismatch);
  int expected_seen = 0;
  for (int i = 0; i < 32; ++i)
    expected_seen += (*workload.next(rng, ProcessId(0))->value.as_list())[0] == Value("other") ? 1 : 0;
  EXPECT_GE(expected_seen, 24);
}

// A completion that overtook another must not bring an older value back.
TEST(RegisterWorkload, LearnsByTheServersOrder) {
  RegisterOptions options = one_key();
  options.read_weight = options.write_weight = 0;
  options.concurrency_per_key = 64;
  RegisterWorkload workload(options);
  Rng rng(1);
  const auto complete = [&](const char* seen, std::uint64_t version) {
    const auto op = workload.next(rng, ProcessId(0));
    Op done = end(*op, OpType::kOk, Value::List{Value(), seen});
    done.version = version;
    workload.completed(*op, done);
  };
  complete("newer", 9);
  complete("older", 8);
  for (int i = 0; i < 30; ++i)
    EXPECT_NE((*workload.next(rng, ProcessId(0))->value.as_list())[0], Value("older"));
}

/// A register that answers at once: the share of cas that succeed shows what the generator knows.
TEST(RegisterWorkload, MostCasOfALoneClientSucceed) {
  RegisterWorkload workload(RegisterOptions{});
  Rng rng(1);
  std::map<std::string, Value> store;
  int cas = 0;
  int ok = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto op = workload.next(rng, ProcessId(0));
    ASSERT_TRUE(op.has_value());
    Value& cell = store[key_of(*op)];
    if (op->f == "read") {
      workload.completed(*op, end(*op, OpType::kOk, cell));
    } else if (op->f == "write") {
      cell = op->value;
      workload.completed(*op, end(*op, OpType::kOk, op->value));
    } else {
      ++cas;
      const Value::List& pair = *op->value.as_list();
      const bool matches = cell == pair[0];
      ok += matches ? 1 : 0;
      if (matches) cell = pair[1];
      Op done = end(*op, matches ? OpType::kOk : OpType::kFail, op->value);
      if (!matches) done.extra.emplace("seen", cell);
      workload.completed(*op, done);
    }
  }
  EXPECT_GT(cas, 800);
  EXPECT_GT(ok, cas * 8 / 10);
  EXPECT_LT(ok, cas) << "some must fail, or a cas that always succeeds would go unseen";
}

TEST(RegisterWorkload, MixesByWeight) {
  RegisterOptions options = one_key();
  RegisterWorkload workload(options);
  Rng rng(1);
  std::map<std::string, int> f;
  for (int i = 0; i < 10'000; ++i) {
    const auto op = workload.next(rng, ProcessId(0));
    ++f[op->f];
    workload.completed(*op, end(*op, OpType::kFail));
  }
  EXPECT_NEAR(f["read"], 5000, 200);
  EXPECT_NEAR(f["write"], 3000, 200);
  EXPECT_NEAR(f["cas"], 2000, 200);
}

TEST(RegisterWorkload, FinalReadsCoverLiveAndRetiredKeysSeveralTimes) {
  RegisterOptions options;
  options.keys = 2;
  options.operations_per_key = 1;
  RegisterWorkload workload(options);
  Rng rng(1);
  for (int i = 0; i < 5; ++i) {
    const auto op = workload.next(rng, ProcessId(0));
    workload.completed(*op, end(*op, OpType::kFail));
  }
  std::map<std::string, int> reads;
  while (const auto op = workload.next_final(rng, ProcessId(0))) {
    EXPECT_EQ(op->f, "read");
    ++reads[key_of(*op)];
  }
  EXPECT_EQ(reads.size(), 7U);
  for (const auto& [key, count] : reads) EXPECT_EQ(count, 5) << key;
}

TEST(RegisterWorkload, OnlyReadsAreIdempotent) {
  RegisterWorkload workload(RegisterOptions{});
  EXPECT_TRUE(workload.idempotent("read"));
  EXPECT_FALSE(workload.idempotent("write"));
  EXPECT_FALSE(workload.idempotent("cas"));
}

TEST(RegisterWorkload, IsJudgedByLinearizability) {
  const auto checkers = RegisterWorkload(RegisterOptions{}).checkers();
  ASSERT_EQ(checkers.size(), 1U);
  EXPECT_EQ(checkers[0]->name(), "linearizable");
}

TEST(WorkloadCatalog, MakesByNameAndListsTheNamesOtherwise) {
  WorkloadOptions options;
  EXPECT_EQ((*make_workload(options))->name(), "register");
  options.name = "regster";
  EXPECT_EQ(make_workload(options).error().message, "unknown workload 'regster'; allowed: register, script");
}

}  // namespace
}  // namespace ordeal
