#include "workloads/script.h"

#include <gtest/gtest.h>

namespace ordeal {
namespace {

TEST(Script, GivesItsOperationsByTimeAndReadsItsKeysAtTheEnd) {
  ScriptWorkload script({{seconds(2), 1, "write", "b", "x"}, {seconds(1), 0, "read", "a", Value()}});
  const auto* schedule = script.schedule();
  ASSERT_NE(schedule, nullptr);
  ASSERT_EQ(schedule->size(), 2U);
  EXPECT_EQ((*schedule)[0].op.f, "read");
  EXPECT_EQ((*schedule)[1].client, 1U);
  EXPECT_EQ((*schedule)[1].op.value, Value("x"));
  Rng rng(1);
  EXPECT_FALSE(script.next(rng, ProcessId(0)));
  int reads = 0;
  while (const auto op = script.next_final(rng, ProcessId(3))) {
    EXPECT_EQ(op->f, "read");
    EXPECT_EQ(op->process, ProcessId(3));
    ++reads;
  }
  EXPECT_EQ(reads, 10);
}

}  // namespace
}  // namespace ordeal
