// The disk that the storage is tried on: what it promises, and that each fault does what its name says.

#include "tests/node/host/faulty_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::test {
namespace {

using ::testing::IsSupersetOf;

class FaultyDiskTest : public ::testing::Test {
 protected:
  FaultyDisk::Handle create(const std::string& path) {
    FaultyDisk::Handle file;
    EXPECT_EQ(disk_.create(path, file), DiskError::kNone);
    return file;
  }
  FaultyDisk::Handle durable(const std::string& path, const Bytes& content) {
    auto file = create(path);
    EXPECT_EQ(disk_.append(file, content), DiskError::kNone);
    EXPECT_EQ(disk_.sync(file), DiskError::kNone);
    EXPECT_EQ(disk_.sync_directory("/"), DiskError::kNone);
    return file;
  }
  FaultyDisk disk_{Rng(1)};
};

TEST_F(FaultyDiskTest, WhatWasSyncedSurvivesAPowerLoss) {
  const auto file = durable("/a", Bytes(700, 'x'));
  ASSERT_EQ(disk_.append(file, Bytes(5000, 'y')), DiskError::kNone);
  disk_.lose_power();
  EXPECT_EQ(disk_.content("/a")->substr(0, 700), Bytes(700, 'x'));
}

TEST_F(FaultyDiskTest, WhatWasNotSyncedHasEveryFate) {
  std::set<std::string> fates;
  for (int i = 0; i < 200; ++i) {
    const auto file = durable("/a", {});
    ASSERT_EQ(disk_.append(file, Bytes(2048, 'y')), DiskError::kNone);
    const PowerLoss loss = disk_.lose_power();
    const std::size_t size = disk_.content("/a")->size();
    if (size == 0) fates.insert("nothing");
    if (size == 2048 && !loss.gaps) fates.insert("everything");
    if (size > 0 && size < 2048 && !loss.gaps) fates.insert("prefix");
    if (loss.sectors_garbage > 0) fates.insert("garbage");
    if (loss.sectors_torn > 0) fates.insert("torn");
    if (loss.sectors_old > 0) fates.insert("old");
  }
  EXPECT_THAT(fates, IsSupersetOf({"nothing", "everything", "prefix", "garbage", "torn", "old"}));
}

TEST_F(FaultyDiskTest, KillKeepsThePageCache) {
  const auto file = create("/a");
  ASSERT_EQ(disk_.append(file, "abc"), DiskError::kNone);
  disk_.kill();
  EXPECT_EQ(disk_.content("/a"), "abc");
}

TEST_F(FaultyDiskTest, UnsyncedNamesAreUndoneFromTheLast) {
  std::set<std::string> fates;
  for (int i = 0; i < 100; ++i) {
    durable("/current", "old");
    const auto file = create("/new");
    ASSERT_EQ(disk_.append(file, "new"), DiskError::kNone);
    ASSERT_EQ(disk_.sync(file), DiskError::kNone);
    ASSERT_EQ(disk_.rename("/new", "/current"), DiskError::kNone);
    disk_.lose_power();
    fates.insert(disk_.content("/new").value_or("-") + " " + disk_.content("/current").value_or("-"));
    if (disk_.content("/new")) {
      ASSERT_EQ(disk_.remove("/new"), DiskError::kNone);
    }
  }
  EXPECT_EQ(fates, (std::set<std::string>{"- old", "new old", "- new"}));
}

TEST_F(FaultyDiskTest, FailedSyncLosesItsPagesAndTheNextOneSaysOk) {
  const auto file = durable("/a", Bytes(512, 'x'));
  ASSERT_EQ(disk_.append(file, Bytes(512, 'y')), DiskError::kNone);
  disk_.plan({DiskFault::Kind::kSyncFails, FileKind::kAny, 0});
  EXPECT_EQ(disk_.sync(file), DiskError::kIo);
  EXPECT_EQ(disk_.sync(file), DiskError::kNone);
  EXPECT_EQ(disk_.content("/a"), Bytes(512, 'x') + Bytes(512, 'y'));
  disk_.lose_power();
  EXPECT_EQ(disk_.content("/a"), Bytes(512, 'x') + Bytes(512, '\0'));
}

TEST_F(FaultyDiskTest, LyingSyncKeepsNothing) {
  const auto file = durable("/a", "x");
  disk_.plan({DiskFault::Kind::kSyncLies, FileKind::kAny, 0});
  bool lost = false;
  for (int i = 0; i < 20 && !lost; ++i) {
    ASSERT_EQ(disk_.append(file, "y"), DiskError::kNone);
    EXPECT_EQ(disk_.sync(file), DiskError::kNone);
    const std::size_t size = disk_.content("/a")->size();
    disk_.lose_power();
    lost = disk_.content("/a")->size() < size;
  }
  EXPECT_TRUE(lost);
}

TEST_F(FaultyDiskTest, LostWriteShowsWhenTheCacheIsDropped) {
  const auto file = create("/a");
  disk_.plan({DiskFault::Kind::kWriteLost, FileKind::kAny, 0});
  ASSERT_EQ(disk_.append(file, Bytes(512, 'y')), DiskError::kNone);
  ASSERT_EQ(disk_.sync(file), DiskError::kNone);
  EXPECT_EQ(disk_.content("/a"), Bytes(512, 'y'));
  disk_.drop_caches();
  EXPECT_EQ(disk_.content("/a"), Bytes(512, '\0'));
}

TEST_F(FaultyDiskTest, DeadMachineDoesNothingMore) {
  const auto file = durable("/a", "x");
  disk_.plan({DiskFault::Kind::kDie, FileKind::kAny, 1});
  EXPECT_EQ(disk_.append(file, "y"), DiskError::kNone);
  EXPECT_EQ(disk_.sync(file), DiskError::kIo);
  EXPECT_EQ(disk_.append(file, "z"), DiskError::kIo);
  EXPECT_TRUE(disk_.dead());
  disk_.kill();
  EXPECT_EQ(disk_.content("/a"), "xy");
}

TEST_F(FaultyDiskTest, FullDiskTakesNoMore) {
  const auto file = create("/a");
  disk_.limit(10);
  EXPECT_EQ(disk_.append(file, Bytes(10, 'x')), DiskError::kNone);
  EXPECT_EQ(disk_.append(file, "y"), DiskError::kNoSpace);
  EXPECT_EQ(disk_.free_bytes(), 0U);
  EXPECT_EQ(disk_.write(file, 0, "z"), DiskError::kNone);
}

}  // namespace
}  // namespace ordeal::test
