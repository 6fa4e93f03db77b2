// Random schedules. ORDEAL_SEEDS=n runs that many, ORDEAL_SEED=n runs that one.

#include "tests/node/raft/random_schedule.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace ordeal::raft::testing {
namespace {

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(RaftRandom, NothingIsLostAndInvariantsHold) {
  const std::uint64_t only = number_from_environment("ORDEAL_SEED", 0);
  const std::uint64_t first = only != 0 ? only : 1;
  const std::uint64_t last = only != 0 ? only : number_from_environment("ORDEAL_SEEDS", 500);
  RandomSchedule::Tally sum;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    RandomSchedule schedule(seed);
    ASSERT_EQ(schedule.run(), "") << "seed " << seed;
    const RandomSchedule::Tally& tally = schedule.tally();
    sum.acknowledged += tally.acknowledged;
    sum.reads += tally.reads;
    sum.elections += tally.elections;
    sum.snapshots += tally.snapshots;
    sum.memberships += tally.memberships;
    sum.cuts += tally.cuts;
    sum.power_losses += tally.power_losses;
    sum.transfers += tally.transfers;
  }
  if (only != 0) return;
  // Schedules in which nothing happens would pass too.
  const std::uint64_t seeds = last - first + 1;
  RecordProperty("acknowledged", static_cast<int>(sum.acknowledged));
  EXPECT_GT(sum.acknowledged, seeds * 5);
  EXPECT_GT(sum.reads, seeds);
  EXPECT_GT(sum.elections, seeds);
  EXPECT_GT(sum.snapshots, seeds / 20);
  EXPECT_GT(sum.memberships, seeds / 20);
  EXPECT_GT(sum.cuts, seeds / 20);
  EXPECT_GT(sum.power_losses, seeds / 5);
  EXPECT_GT(sum.transfers, seeds / 20);
  std::printf(
      "%llu seeds: %llu writes acknowledged, %llu reads, %llu elections, %llu snapshots, %llu membership "
      "changes, "
      "%llu logs cut, %llu power losses, %llu transfers\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(sum.acknowledged),
      static_cast<unsigned long long>(sum.reads), static_cast<unsigned long long>(sum.elections),
      static_cast<unsigned long long>(sum.snapshots), static_cast<unsigned long long>(sum.memberships),
      static_cast<unsigned long long>(sum.cuts), static_cast<unsigned long long>(sum.power_losses),
      static_cast<unsigned long long>(sum.transfers));
}

}  // namespace
}  // namespace ordeal::raft::testing
