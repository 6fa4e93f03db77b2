// The real storage on a disk that fails: thousands of power losses and kills, every other way in which a disk
// lets one down, and the planted bugs of the storage, which the same harness must find.
//
// ORDEAL_STORAGE_SEEDS="FIRST COUNT" runs other seeds, and more.

#include "node/host/rocks_storage.h"
#include "tests/node/host/faulty_file_system.h"
#include "tests/node/host/recording_sink.h"
#include "tests/node/host/storage_harness.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

namespace ordeal::test {
namespace {

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 0;
};

Seeds seeds(std::uint64_t count) {
  Seeds range{1, count};
  const char* given = std::getenv("ORDEAL_STORAGE_SEEDS");
  if (given != nullptr) std::istringstream(given) >> range.first >> range.count;
  return range;
}

HarnessReport run_all(const HarnessOptions& options, const Seeds& range) {
  HarnessReport all;
  for (std::uint64_t i = 0; i < range.count && !all.violation; ++i)
    all.add(run_harness(range.first + i, options));
  EXPECT_FALSE(all.violation.has_value()) << *all.violation;
  return all;
}

TEST(PowerLoss, HonestDiskHoldsAPrefixWithEverythingThatWasReported) {
  const HarnessReport all = run_all({}, seeds(240));
  std::cout << all.power_losses << " power losses, " << all.kills << " kills and " << all.clean_stops
            << " clean stops; " << all.died_opening << " while it opened; " << all.tickets_durable
            << " durable tickets; " << all.sectors_spoilt << " sectors old, torn or garbage, "
            << all.names_undone << " names undone; " << all.refused_after_gap
            << " times it would not open after unsynced bytes had gaps\n";
  if (std::getenv("ORDEAL_STORAGE_SEEDS") != nullptr) return;
  EXPECT_GE(all.power_losses, 1000U);
  EXPECT_GE(all.kills, 200U);
  EXPECT_GE(all.died_opening, 50U);
  EXPECT_GE(all.sectors_spoilt, 100U);
  EXPECT_GE(all.names_undone, 100U);
  EXPECT_LE(all.refused_after_gap, all.power_losses / 20);
}

// Two log files at once: what the older one loses, the newer one may not keep.
TEST(PowerLoss, EffectsAtTheEndOfALogFileAreNotLostAlone) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    FaultyDisk disk(rng.split("disk"));
    host::RocksOptions options;
    options.directory = "/data";
    options.file_system = make_faulty_file_system(disk);
    options.write_buffer_bytes = 64UL * 1024;
    {
      host::RecordingSink sink;
      auto storage = host::open_rocks_storage(options);
      ASSERT_TRUE(storage.ok()) << storage.error().message;
      (*storage)->start(sink);
      // The first log file is full after some twenty effects; then come its successor and the first in it.
      disk.plan({DiskFault::Kind::kDie, FileKind::kLog, 15 + rng.below(15)});
      for (std::uint64_t index = 1; index <= 60 && !disk.dead(); ++index) {
        Batch effects;
        effects.put(Space::kState, fmt::format("{:04}", index), Bytes(3000, 'v'));
        (*storage)->apply(effects, LogIndex(index));
        (*storage)->carry_out(SnapshotTake{SnapshotId(1)}, LogIndex(index));
        (*storage)->flush();
        static_cast<void>(
            sink.settle_until(**storage, [&](host::RecordingSink& s) { return s.inputs.size() >= index; }));
      }
    }
    ASSERT_TRUE(disk.dead());
    const PowerLoss loss = disk.lose_power();
    auto storage = host::open_rocks_storage(options);
    if (!storage.ok() && loss.gaps) continue;
    ASSERT_TRUE(storage.ok()) << "seed " << seed << ": " << storage.error().message;
    std::uint64_t effects = 0;
    ASSERT_TRUE(
        (*storage)->view().scan(Space::kState, "", "", [&](auto, auto) { return ++effects > 0; }).ok());
    EXPECT_EQ(effects, (*storage)->applied_at_open().value()) << "seed " << seed;
  }
}

class Troubled : public ::testing::TestWithParam<Trouble> {};

TEST_P(Troubled, EndsInAnErrorOrInWhatMustBeThere) {
  HarnessOptions options;
  options.troubles = {GetParam()};
  HarnessReport all = run_all(options, seeds(15));
  std::cout << all.troubles[GetParam()] << " struck, " << all.errors[GetParam()]
            << " were answered with an error\n";
  if (std::getenv("ORDEAL_STORAGE_SEEDS") != nullptr) return;
  EXPECT_GE(all.troubles[GetParam()], 5U);
}

std::string trouble_name(const ::testing::TestParamInfo<Trouble>& info) {
  std::string name;
  for (const char c : to_text(info.param)) {
    if (c != '-') name.push_back(c);
  }
  return name;
}
// Writes that the disk loses or puts elsewhere and reads that fail are not among them: docs/bugs-found.md,
// "Open".
INSTANTIATE_TEST_SUITE_P(Troubles, Troubled,
                         ::testing::Values(Trouble::kSyncError, Trouble::kSyncLie, Trouble::kRot,
                                           Trouble::kNoSpace),
                         trouble_name);

// --- The planted bugs

struct Planted {
  host::StorageBug bug;
  Trouble trouble;
  std::uint64_t runs_max;
};

class StoragePlant : public ::testing::TestWithParam<Planted> {};

TEST_P(StoragePlant, IsFoundAndItsAbsenceIsNot) {
  HarnessOptions options;
  options.troubles = {GetParam().trouble};
  options.plants.add(GetParam().bug);
  std::uint64_t runs = 0;
  std::optional<std::string> violation;
  while (!violation && runs < GetParam().runs_max) violation = run_harness(++runs, options).violation;
  ASSERT_TRUE(violation.has_value()) << "not found in " << runs << " runs";
  std::cout << "found after " << runs << " runs: " << *violation << "\n";
  options.plants = {};
  run_all(options, {1, runs});
}

std::string bug_name(const ::testing::TestParamInfo<Planted>& info) {
  return std::string(host::storage_plants()[static_cast<std::size_t>(info.param.bug)].id);
}
INSTANTIATE_TEST_SUITE_P(Plants, StoragePlant,
                         ::testing::Values(Planted{host::StorageBug::kS1, Trouble::kSyncError, 200},
                                           Planted{host::StorageBug::kS2, Trouble::kRot, 200},
                                           Planted{host::StorageBug::kS3, Trouble::kNone, 200},
                                           Planted{host::StorageBug::kS4, Trouble::kNone, 200}),
                         bug_name);

}  // namespace
}  // namespace ordeal::test
