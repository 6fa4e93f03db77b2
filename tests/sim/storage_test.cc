#include "sim/storage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

namespace ordeal::sim {
namespace {

class Sink : public host::StorageSink {
 public:
  void advanced(host::StorageProgress progress) override {
    if (progress.durable > durable) durable = progress.durable;
    for (Input& input : progress.inputs) inputs.push_back(std::move(input));
  }
  void failed(Error error) override { failure = std::move(error.message); }
  void wrote(Duration /*sync*/, std::uint64_t /*bytes*/) override {}

  Ticket durable;
  std::vector<Input> inputs;
  std::string failure;
};

Batch put(const std::string& key, const std::string& value, Space space = Space::kLog) {
  Batch batch;
  batch.put(space, key, value);
  return batch;
}

bool has(const DiskStorage& storage, const std::string& key, Space space = Space::kLog) {
  return storage.view().get(space, key)->has_value();
}

void finish_round(DiskStorage& storage) {
  storage.flush();
  ASSERT_TRUE(storage.began_round());
  storage.end_round();
}

TEST(DiskStorage, ShowsAtOnceAndReportsWhenTheDiskIsDone) {
  DiskStorage storage({}, {}, Rng(1));
  Sink sink;
  storage.start(sink);
  storage.write(Ticket(1), put("a", "1"));
  EXPECT_TRUE(has(storage, "a"));
  storage.flush();
  EXPECT_EQ(sink.durable, Ticket());
  ASSERT_TRUE(storage.began_round());
  EXPECT_FALSE(storage.began_round());
  storage.write(Ticket(2), put("b", "2"));
  storage.flush();
  storage.end_round();
  EXPECT_EQ(sink.durable, Ticket(1));
  ASSERT_TRUE(storage.began_round()) << "what came meanwhile is the next round";
  storage.end_round();
  EXPECT_EQ(sink.durable, Ticket(2));
}

TEST(DiskStorage, LosesASuffixAtPowerLossAndNeverWhatWasDurable) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    DiskStorage storage({}, {}, Rng(seed));
    Sink sink;
    storage.start(sink);
    storage.write(Ticket(1), put("a1", "x"));
    finish_round(storage);
    for (std::uint64_t i = 2; i <= 6; ++i) storage.write(Ticket(i), put(fmt::format("a{}", i), "x"));
    storage.apply(put("state", "y", Space::kState), LogIndex(3));
    storage.flush();
    lost += storage.lose_power();
    ASSERT_TRUE(has(storage, "a1")) << "seed " << seed;
    bool gone = false;
    for (std::uint64_t i = 2; i <= 6; ++i) {
      const bool here = has(storage, fmt::format("a{}", i));
      ASSERT_FALSE(here && gone) << "seed " << seed << ": a hole before a" << i;
      gone = gone || !here;
    }
    const bool effects = has(storage, "state", Space::kState);
    ASSERT_EQ(effects, storage.applied_at_open() == LogIndex(3)) << "seed " << seed;
    ASSERT_FALSE(effects && gone) << "seed " << seed;
  }
  EXPECT_GT(lost, 0U);
}

TEST(DiskStorage, KeepsWhatTheSystemHadWhenTheProcessIsKilled) {
  DiskStorage storage({}, {}, Rng(1));
  Sink sink;
  storage.start(sink);
  storage.apply(put("k", "v", Space::kState), LogIndex(1));
  storage.flush();  // effects alone: written, not synced
  storage.apply(put("queued", "v", Space::kState), LogIndex(2));
  storage.kill();
  EXPECT_TRUE(has(storage, "k", Space::kState));
  EXPECT_FALSE(has(storage, "queued", Space::kState));
  EXPECT_EQ(storage.applied_at_open(), LogIndex(1));
  storage.start(sink);
  EXPECT_EQ(storage.incarnation(), 2U);
  storage.lose_power();
  EXPECT_TRUE(has(storage, "k", Space::kState)) << "opening the storage made it durable";
}

TEST(DiskStorage, FailsOnceAndReportsNothingDurable) {
  DiskStorage storage({}, {}, Rng(1));
  Sink sink;
  storage.start(sink);
  storage.health().failing = true;
  storage.write(Ticket(1), put("a", "1"));
  finish_round(storage);
  EXPECT_EQ(sink.durable, Ticket());
  EXPECT_NE(sink.failure, "");
}

TEST(DiskStorage, LiesWhenItsHealthSaysSo) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    DiskStorage storage({}, {}, Rng(seed));
    Sink sink;
    storage.health().lies = true;
    storage.start(sink);
    storage.write(Ticket(1), put("a", "1"));
    finish_round(storage);
    EXPECT_EQ(sink.durable, Ticket(1));
    storage.lose_power();
    lost += has(storage, "a") ? 0 : 1;
  }
  EXPECT_GT(lost, 0U);
  EXPECT_LT(lost, 50U);
}

TEST(DiskStorage, CountsThePromisesThatALieBroke) {
  std::size_t broken = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    DiskStorage storage({}, {}, Rng(seed));
    Sink sink;
    storage.start(sink);
    storage.health().lies = true;
    storage.write(Ticket(1), put("a", "1"));
    finish_round(storage);
    EXPECT_EQ(storage.lied(), 1U);
    storage.lose_power();
    EXPECT_EQ(storage.promises_broken(), has(storage, "a") ? 0U : 1U) << "seed " << seed;
    broken += storage.promises_broken();
  }
  EXPECT_GT(broken, 0U);
}

TEST(DiskStorage, MakesGoodForALieWithTheNextHonestSync) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    DiskStorage storage({}, {}, Rng(seed));
    Sink sink;
    storage.start(sink);
    storage.health().lies = true;
    storage.write(Ticket(1), put("a", "1"));
    finish_round(storage);
    storage.health().lies = false;
    storage.write(Ticket(2), put("b", "1"));
    finish_round(storage);
    storage.lose_power();
    EXPECT_TRUE(has(storage, "a")) << "seed " << seed;
    EXPECT_EQ(storage.promises_broken(), 0U);
  }
}

// What a disk has taken stays with it when the process is killed, and when a later sync fails.
TEST(DiskStorage, KeepsWhatItLiedAboutWhenTheProcessIsKilled) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    DiskStorage storage({}, {}, Rng(seed));
    Sink sink;
    storage.start(sink);
    storage.health().lies = true;
    storage.write(Ticket(1), put("a", "1"));
    finish_round(storage);
    storage.health().failing = true;
    storage.write(Ticket(2), put("b", "1"));
    finish_round(storage);
    storage.kill();
    EXPECT_TRUE(has(storage, "a")) << "seed " << seed;
  }
}

TEST(DiskStorage, CannotReadADamagedRecordUntilItIsMendedOrWrittenAgain) {
  DiskStorage storage({}, {}, Rng(1));
  Sink sink;
  storage.start(sink);
  EXPECT_FALSE(storage.damage()) << "there is nothing to damage yet";
  storage.write(Ticket(1), put("a", "1"));
  ASSERT_TRUE(storage.damage());
  EXPECT_FALSE(storage.view().get(Space::kLog, "a").ok());
  EXPECT_FALSE(storage.view().scan(Space::kLog, "", "", [](auto, auto) { return true; }).ok());
  EXPECT_TRUE(storage.view().get(Space::kState, "a").ok());
  storage.mend();
  EXPECT_TRUE(has(storage, "a"));
  ASSERT_TRUE(storage.damage());
  storage.write(Ticket(2), put("a", "2"));
  EXPECT_TRUE(has(storage, "a"));
  EXPECT_FALSE(storage.damaged());
}

TEST(DiskStorage, CarriesASnapshotFromOneNodeToAnother) {
  DiskStorage from({}, {}, Rng(1));
  Sink sink;
  from.start(sink);
  for (int i = 0; i < 50; ++i)
    from.apply(put(fmt::format("k{}", i), "v", Space::kState), LogIndex(static_cast<std::uint64_t>(i) + 1));
  from.carry_out(SnapshotTake{SnapshotId(7)}, LogIndex(50));
  from.carry_out(SnapshotRead{SnapshotId(7), 0, 1 << 20}, LogIndex(50));
  finish_round(from);
  ASSERT_EQ(sink.inputs.size(), 2U);
  const auto& chunk = std::get<SnapshotChunk>(sink.inputs[1]);
  EXPECT_TRUE(chunk.last);

  DiskStorage to({}, {}, Rng(2));
  Sink other;
  to.start(other);
  to.apply(put("old", "v", Space::kState), LogIndex(1));
  to.carry_out(SnapshotStage{SnapshotId(7), 0, chunk.bytes}, LogIndex(1));
  to.carry_out(SnapshotInstall{SnapshotId(7), LogIndex(50), put("s", "start")}, LogIndex(1));
  finish_round(to);
  ASSERT_EQ(other.inputs.size(), 1U);
  EXPECT_EQ(std::get<SnapshotInstalled>(other.inputs[0]).index, LogIndex(50));
  EXPECT_FALSE(has(to, "old", Space::kState));
  EXPECT_TRUE(has(to, "k49", Space::kState));
  EXPECT_TRUE(has(to, "s"));
  to.lose_power();
  EXPECT_TRUE(has(to, "k49", Space::kState));
  EXPECT_EQ(to.applied_at_open(), LogIndex(50));
}

}  // namespace
}  // namespace ordeal::sim
