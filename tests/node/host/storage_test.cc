// What every storage promises, on memory and on RocksDB; then what only a disk can do.

#include "node/host/memory_storage.h"
#include "node/host/rocks_storage.h"
#include "tests/node/host/recording_sink.h"
#include "tests/support/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace ordeal::host {
namespace {

using ::testing::HasSubstr;

Batch put(Space space, Bytes key, Bytes value) {
  Batch batch;
  batch.put(space, std::move(key), std::move(value));
  return batch;
}

std::map<Bytes, Bytes> content(const Storage& storage, Space space, Bytes first = {}, Bytes last = {}) {
  std::map<Bytes, Bytes> all;
  EXPECT_TRUE(storage.view()
                  .scan(space, first, last,
                        [&](std::string_view key, std::string_view value) {
                          all.emplace(key, value);
                          return true;
                        })
                  .ok());
  return all;
}

/// A storage and whoever listens to it.
struct Opened {
  ~Opened() {
    if (storage) storage->stop();
  }
  bool wait_durable(std::uint64_t ticket) {
    storage->flush();
    return sink.settle_until(*storage, [&](RecordingSink& s) { return s.durable >= Ticket(ticket); });
  }
  template <class T>
  std::optional<T> wait_for() {
    storage->flush();
    const auto is = [](const Input& input) { return std::holds_alternative<T>(input); };
    const auto arrived = [&](RecordingSink& s) { return std::any_of(s.inputs.begin(), s.inputs.end(), is); };
    if (!sink.settle_until(*storage, arrived)) return std::nullopt;
    const auto it = std::find_if(sink.inputs.begin(), sink.inputs.end(), is);
    T input = std::get<T>(std::move(*it));
    sink.inputs.erase(it);
    return input;
  }

  std::unique_ptr<Storage> storage;
  RecordingSink sink;
};

enum class Kind { kMemory, kRocksdb };

class AnyStorage : public ::testing::TestWithParam<Kind> {
 protected:
  std::unique_ptr<Opened> open(const std::string& name = "n1", std::optional<char> left_out = {}) {
    auto opened = std::make_unique<Opened>();
    if (GetParam() == Kind::kMemory) {
      opened->storage = make_memory_storage(left_out);
    } else {
      RocksOptions options;
      options.directory = directory_.path() + "/" + name;
      options.identity = "c/" + name;
      options.left_out = left_out;
      auto storage = open_rocks_storage(options);
      EXPECT_TRUE(storage.ok()) << (storage.ok() ? "" : storage.error().message);
      opened->storage = std::move(*storage);
    }
    opened->storage->start(opened->sink);
    return opened;
  }

  test::TemporaryDirectory directory_;
};

std::string kind_name(const ::testing::TestParamInfo<Kind>& info) {
  return info.param == Kind::kMemory ? "Memory" : "Rocksdb";
}
INSTANTIATE_TEST_SUITE_P(Kinds, AnyStorage, ::testing::Values(Kind::kMemory, Kind::kRocksdb), kind_name);

TEST_P(AnyStorage, BatchIsVisibleAtOnce) {
  const auto node = open();
  node->storage->write(Ticket(1), put(Space::kLog, "a", "1"));
  node->storage->apply(put(Space::kState, "a", "2"), LogIndex(1));
  EXPECT_EQ(**node->storage->view().get(Space::kLog, "a"), "1");
  EXPECT_EQ(**node->storage->view().get(Space::kState, "a"), "2");
  EXPECT_EQ(content(*node->storage, Space::kState), (std::map<Bytes, Bytes>{{"a", "2"}}));
}

TEST_P(AnyStorage, TicketsAreReportedAndStayVisible) {
  const auto node = open();
  for (std::uint64_t i = 1; i <= 100; ++i)
    node->storage->write(Ticket(i), put(Space::kLog, "k" + std::to_string(i % 10), std::to_string(i)));
  ASSERT_TRUE(node->wait_durable(100));
  EXPECT_EQ(**node->storage->view().get(Space::kLog, "k3"), "93");
  EXPECT_EQ(content(*node->storage, Space::kLog).size(), 10U);
}

TEST_P(AnyStorage, ScanMergesWhatIsWrittenAndWhatIsNot) {
  const auto node = open();
  Batch batch;
  for (const std::string key : {"a", "b", "c", "d"}) batch.put(Space::kState, key, "old");
  node->storage->apply(batch, LogIndex(1));
  node->storage->write(Ticket(1), {});
  ASSERT_TRUE(node->wait_durable(1));
  Batch change;
  change.put(Space::kState, "b", "new");
  change.erase(Space::kState, "c");
  change.put(Space::kState, "bb", "new");
  node->storage->apply(change, LogIndex(2));
  EXPECT_EQ(content(*node->storage, Space::kState, "b", "d"),
            (std::map<Bytes, Bytes>{{"b", "new"}, {"bb", "new"}}));
}

TEST_P(AnyStorage, RangeDeleteReachesBothLayers) {
  const auto node = open();
  node->storage->write(Ticket(1), put(Space::kLog, "a", "1"));
  ASSERT_TRUE(node->wait_durable(1));
  node->storage->write(Ticket(2), put(Space::kLog, "b", "1"));
  Batch erase;
  erase.erase_range(Space::kLog, "a", "c");
  erase.put(Space::kLog, "bb", "1");
  node->storage->write(Ticket(3), erase);
  EXPECT_EQ(content(*node->storage, Space::kLog), (std::map<Bytes, Bytes>{{"bb", "1"}}));
  ASSERT_TRUE(node->wait_durable(3));
  EXPECT_EQ(content(*node->storage, Space::kLog), (std::map<Bytes, Bytes>{{"bb", "1"}}));
}

/// Reads a whole snapshot from one node and installs it in another.
void copy_snapshot(Opened& from, Opened& to, std::uint64_t index, std::uint32_t piece) {
  const SnapshotId id(7);
  std::uint64_t offset = 0;
  for (bool last = false; !last;) {
    from.storage->carry_out(SnapshotRead{id, offset, piece}, LogIndex(index));
    auto chunk = from.wait_for<SnapshotChunk>();
    ASSERT_TRUE(chunk);
    ASSERT_EQ(chunk->offset, offset);
    last = chunk->last;
    offset += chunk->bytes.size();
    to.storage->carry_out(SnapshotStage{id, chunk->offset, std::move(chunk->bytes)}, LogIndex(0));
  }
  Batch log = put(Space::kLog, "begin", std::to_string(index));
  to.storage->carry_out(SnapshotInstall{id, LogIndex(index), log}, LogIndex(0));
  const auto installed = to.wait_for<SnapshotInstalled>();
  ASSERT_TRUE(installed);
  EXPECT_EQ(installed->index, LogIndex(index));
}

TEST_P(AnyStorage, SnapshotIsTheStateAtItsTaking) {
  const auto from = open("n1");
  const auto to = open("n2");
  std::map<Bytes, Bytes> expected;
  for (int i = 0; i < 2000; ++i) {
    const Bytes key = "key" + std::to_string(i);
    expected[key] = Bytes(100, 'v');
    from->storage->apply(put(Space::kState, key, expected[key]), LogIndex(static_cast<std::uint64_t>(i + 1)));
  }
  from->storage->carry_out(SnapshotTake{SnapshotId(7)}, LogIndex(2000));
  from->storage->apply(put(Space::kState, "later", "x"), LogIndex(2001));
  const auto taken = from->wait_for<SnapshotTaken>();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->index, LogIndex(2000));
  to->storage->apply(put(Space::kState, "stale", "x"), LogIndex(1));
  copy_snapshot(*from, *to, 2000, 10'000);
  EXPECT_EQ(content(*to->storage, Space::kState), expected);
  EXPECT_EQ(**to->storage->view().get(Space::kLog, "begin"), "2000");
  EXPECT_FALSE(to->storage->view().get(Space::kState, "stale")->has_value());
}

TEST_P(AnyStorage, SnapshotIsReadAgainFromAnEarlierOffset) {
  const auto node = open();
  for (int i = 0; i < 3000; ++i)
    node->storage->apply(put(Space::kState, std::to_string(i), Bytes(100, 'v')), LogIndex(1));
  node->storage->carry_out(SnapshotTake{SnapshotId(1)}, LogIndex(1));
  std::vector<Bytes> reads;
  for (const std::uint64_t offset : {100'000UL, 200'000UL, 100'000UL, 0UL, 100'000UL}) {
    node->storage->carry_out(SnapshotRead{SnapshotId(1), offset, 5'000}, LogIndex(1));
    const auto chunk = node->wait_for<SnapshotChunk>();
    ASSERT_TRUE(chunk);
    reads.push_back(chunk->bytes);
  }
  EXPECT_EQ(reads[0], reads[2]);
  EXPECT_EQ(reads[0], reads[4]);
  EXPECT_NE(reads[0], reads[1]);
  EXPECT_EQ(reads[3].substr(0, 8), "ORDEALSS");
}

TEST_P(AnyStorage, StagingStartsAfreshAtOffsetZero) {
  const auto from = open("n1");
  const auto to = open("n2");
  from->storage->apply(put(Space::kState, "a", "1"), LogIndex(1));
  from->storage->carry_out(SnapshotTake{SnapshotId(7)}, LogIndex(1));
  ASSERT_TRUE(from->wait_for<SnapshotTaken>());
  to->storage->carry_out(SnapshotStage{SnapshotId(7), 0, "ORDEAL"}, LogIndex(0));
  copy_snapshot(*from, *to, 1, 7);
  EXPECT_EQ(content(*to->storage, Space::kState), (std::map<Bytes, Bytes>{{"a", "1"}}));
}

TEST_P(AnyStorage, PlantLeavesTheSessionTableOut) {
  const auto from = open("n1", 's');
  const auto to = open("n2");
  from->storage->apply(put(Space::kState, "ka", "1"), LogIndex(1));
  from->storage->apply(put(Space::kState, "sc1", "1"), LogIndex(2));
  from->storage->carry_out(SnapshotTake{SnapshotId(7)}, LogIndex(2));
  ASSERT_TRUE(from->wait_for<SnapshotTaken>());
  copy_snapshot(*from, *to, 2, 1000);
  EXPECT_EQ(content(*to->storage, Space::kState), (std::map<Bytes, Bytes>{{"ka", "1"}}));
}

TEST_P(AnyStorage, DamagedSnapshotStopsTheNode) {
  const auto node = open();
  node->storage->carry_out(SnapshotStage{SnapshotId(1), 0, "this is no snapshot"}, LogIndex(0));
  node->storage->flush();
  const auto failure = node->sink.wait_for_failure();
  EXPECT_EQ(failure->code, ErrorCode::kCorruption);
}

TEST_P(AnyStorage, UnfinishedSnapshotIsNotInstalled) {
  const auto node = open();
  node->storage->carry_out(SnapshotStage{SnapshotId(1), 0, Bytes("ORDEALSS\1\0\0\0", 12)}, LogIndex(0));
  node->storage->carry_out(SnapshotInstall{SnapshotId(1), LogIndex(9), {}}, LogIndex(0));
  node->storage->flush();
  EXPECT_EQ(node->sink.wait_for_failure()->code, ErrorCode::kCorruption);
}

// --- On a disk

class RocksStorageTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Storage>> try_open(const std::string& identity = "c/n1") {
    RocksOptions options;
    options.directory = path();
    options.identity = identity;
    options.reserve_bytes = 1000;
    options.free_bytes = [this](const std::string&) { return free_bytes_.load(); };
    return open_rocks_storage(options);
  }
  std::unique_ptr<Opened> open() {
    auto opened = std::make_unique<Opened>();
    auto storage = try_open();
    EXPECT_TRUE(storage.ok()) << (storage.ok() ? "" : storage.error().message);
    opened->storage = std::move(*storage);
    opened->storage->start(opened->sink);
    return opened;
  }
  [[nodiscard]] std::string path() const { return directory_.path() + "/data"; }

  test::TemporaryDirectory directory_;
  std::atomic<std::uint64_t> free_bytes_ = 1'000'000;
};

TEST_F(RocksStorageTest, ReopensWithEverythingAndACountedIncarnation) {
  {
    const auto node = open();
    EXPECT_EQ(node->storage->incarnation(), 1U);
    EXPECT_EQ(node->storage->applied_at_open(), LogIndex(0));
    node->storage->write(Ticket(1), put(Space::kLog, "term", "5"));
    node->storage->apply(put(Space::kState, "x", "1"), LogIndex(7));
  }
  const auto node = open();
  EXPECT_EQ(node->storage->incarnation(), 2U);
  EXPECT_EQ(node->storage->applied_at_open(), LogIndex(7));
  EXPECT_EQ(**node->storage->view().get(Space::kLog, "term"), "5");
  EXPECT_EQ(**node->storage->view().get(Space::kState, "x"), "1");
}

TEST_F(RocksStorageTest, ManyTicketsShareASync) {
  const auto node = open();
  for (std::uint64_t i = 1; i <= 1000; ++i) node->storage->write(Ticket(i), put(Space::kLog, "a", "1"));
  ASSERT_TRUE(node->wait_durable(1000));
  EXPECT_EQ(node->sink.syncs(), 1U);
}

TEST_F(RocksStorageTest, EffectsAloneAreNotSynced) {
  const auto node = open();
  node->storage->apply(put(Space::kState, "x", "1"), LogIndex(1));
  node->storage->carry_out(SnapshotTake{SnapshotId(1)}, LogIndex(1));
  ASSERT_TRUE(node->wait_for<SnapshotTaken>());
  EXPECT_EQ(node->sink.syncs(), 0U);
}

TEST_F(RocksStorageTest, InstalledSnapshotSurvivesReopeningAndOldStateDoesNot) {
  {
    const auto node = open();
    for (int i = 0; i < 100; ++i)
      node->storage->apply(put(Space::kState, "old" + std::to_string(i), "x"), LogIndex(5));
    node->storage->carry_out(SnapshotTake{SnapshotId(7)}, LogIndex(5));
    ASSERT_TRUE(node->wait_for<SnapshotTaken>());
    node->storage->apply(put(Space::kState, "newer", "x"), LogIndex(6));
    copy_snapshot(*node, *node, 5, 1000);
    EXPECT_FALSE(node->storage->view().get(Space::kState, "newer")->has_value());
    node->storage->apply(put(Space::kState, "after", "x"), LogIndex(6));
  }
  const auto node = open();
  EXPECT_EQ(node->storage->applied_at_open(), LogIndex(6));
  EXPECT_EQ(content(*node->storage, Space::kState).size(), 101U);
  EXPECT_TRUE(node->storage->view().get(Space::kState, "after")->has_value());
}

TEST_F(RocksStorageTest, HalfStagedSnapshotIsSweptAtTheNextStart) {
  Bytes stream;
  {
    const auto node = open();
    node->storage->apply(put(Space::kState, "a", "1"), LogIndex(1));
    node->storage->carry_out(SnapshotTake{SnapshotId(7)}, LogIndex(1));
    node->storage->carry_out(SnapshotRead{SnapshotId(7), 0, 1'000'000}, LogIndex(1));
    stream = node->wait_for<SnapshotChunk>()->bytes;
    node->storage->carry_out(SnapshotStage{SnapshotId(8), 0, stream}, LogIndex(1));
    node->storage->apply(put(Space::kState, "b", "2"), LogIndex(2));
  }
  const auto node = open();
  EXPECT_EQ(content(*node->storage, Space::kState), (std::map<Bytes, Bytes>{{"a", "1"}, {"b", "2"}}));
}

TEST_F(RocksStorageTest, DataOfAnotherNodeIsRefused) {
  open();
  const auto other = try_open("c/n2");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(other.error().message, HasSubstr("belongs to c/n1"));
}

TEST_F(RocksStorageTest, DirectoryInUseIsRefused) {
  const auto node = open();
  const auto second = try_open();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
}

TEST_F(RocksStorageTest, PathThatIsAFileIsRefused) {
  std::ofstream(path()) << "x";
  const auto storage = try_open();
  ASSERT_FALSE(storage.ok());
  EXPECT_THAT(storage.error().message, HasSubstr(path()));
}

/// The newest log file of RocksDB, where the last writes are.
std::filesystem::path log_file(const std::string& directory) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".log" && entry.file_size() > 0 && entry.path() > newest)
      newest = entry.path();
  }
  return newest;
}

void flip_byte(const std::filesystem::path& file, std::uintmax_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(stream.get() ^ 1);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(byte);
}

TEST_F(RocksStorageTest, DamageInTheMiddleOfTheLogFileIsAnError) {
  {
    const auto node = open();
    for (std::uint64_t i = 1; i <= 20; ++i) {
      node->storage->write(Ticket(i), put(Space::kLog, std::to_string(i), Bytes(100, 'v')));
      ASSERT_TRUE(node->wait_durable(i));
    }
  }
  const auto file = log_file(path());
  flip_byte(file, std::filesystem::file_size(file) / 2);
  const auto storage = try_open();
  ASSERT_FALSE(storage.ok());
  EXPECT_EQ(storage.error().code, ErrorCode::kCorruption);
  EXPECT_THAT(storage.error().message, HasSubstr("damaged"));
}

// A crash tears the last record: it was never acknowledged, and the rest is whole.
TEST_F(RocksStorageTest, TornTailIsCutOff) {
  {
    const auto node = open();
    node->storage->write(Ticket(1), put(Space::kLog, "a", "1"));
    ASSERT_TRUE(node->wait_durable(1));
    node->storage->apply(put(Space::kState, "b", Bytes(1000, 'v')), LogIndex(1));
  }
  const auto file = log_file(path());
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 500);
  const auto node = open();
  EXPECT_EQ(content(*node->storage, Space::kLog), (std::map<Bytes, Bytes>{{"a", "1"}}));
  EXPECT_TRUE(content(*node->storage, Space::kState).empty());
  EXPECT_EQ(node->storage->applied_at_open(), LogIndex(0));
}

// The same bytes missing, but they were acknowledged: the disk lost them.
TEST_F(RocksStorageTest, DurableTailThatIsGoneIsAnError) {
  {
    const auto node = open();
    node->storage->write(Ticket(1), put(Space::kLog, "a", Bytes(1000, 'v')));
    ASSERT_TRUE(node->wait_durable(1));
  }
  const auto file = log_file(path());
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 500);
  const auto storage = try_open();
  ASSERT_FALSE(storage.ok());
  EXPECT_EQ(storage.error().code, ErrorCode::kCorruption);
  EXPECT_THAT(storage.error().message, HasSubstr("durable"));
}

TEST_F(RocksStorageTest, EmptyRangeAtTheEndIsNoLoss) {
  {
    const auto node = open();
    Batch batch;
    batch.erase_range(Space::kLog, "a", "a");
    node->storage->write(Ticket(1), batch);
    ASSERT_TRUE(node->wait_durable(1));
  }
  EXPECT_TRUE(content(*open()->storage, Space::kLog).empty());
}

TEST_F(RocksStorageTest, BatchIsHeldWhileEvenTheReserveIsUsedUp) {
  const auto node = open();
  free_bytes_ = 100;
  node->storage->write(Ticket(1), put(Space::kLog, "a", "1"));
  node->storage->flush();
  while (!node->storage->disk_full()) std::this_thread::yield();
  EXPECT_EQ(node->sink.syncs(), 0U);
  free_bytes_ = 1'000'000;
  EXPECT_TRUE(node->wait_durable(1));
  EXPECT_EQ(**node->storage->view().get(Space::kLog, "a"), "1");
}

TEST_F(RocksStorageTest, StopsCleanlyWhileABatchIsHeld) {
  {
    const auto node = open();
    free_bytes_ = 100;
    node->storage->write(Ticket(1), put(Space::kLog, "a", "1"));
    node->storage->flush();
    while (!node->storage->disk_full()) std::this_thread::yield();
    node->storage->stop();
    EXPECT_FALSE(node->sink.failure().has_value());
  }
  free_bytes_ = 1'000'000;
  EXPECT_TRUE(content(*open()->storage, Space::kLog).empty());
}

TEST_F(RocksStorageTest, FullDiskIsSeenAndSeenToEnd) {
  const auto node = open();
  EXPECT_FALSE(node->storage->disk_full());
  const auto becomes = [&](bool full) {
    for (std::uint64_t i = 1; node->storage->disk_full() != full; ++i) {
      node->storage->write(Ticket(node->sink.durable.value() + 1), put(Space::kLog, "a", std::to_string(i)));
      if (!node->wait_durable(node->sink.durable.value() + 1)) return false;
    }
    return true;
  };
  free_bytes_ = 999;
  EXPECT_TRUE(becomes(true));
  free_bytes_ = 1000;
  EXPECT_TRUE(becomes(false));
}

}  // namespace
}  // namespace ordeal::host
