#pragma once
// One node's RocksDB and the layout of its keys: column families `default` (what the host notes), `log` and
// `state`, where a state key is preceded by its generation (4 bytes, big endian) so that an installed
// snapshot replaces the state by one small record. Private to host_rocksdb.

#include "common/ids.h"
#include "common/result.h"
#include "node/host/durable_mark.h"
#include "node/host/duties/snapshot_stream.h"
#include "node/host/overlay.h"
#include "node/host/rocks_options.h"
#include "node/store.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::host {

using Generation = StrongInt<struct GenerationTag, std::uint32_t>;

/// An Error with RocksDB's words: kCorruption, kResourceExhausted (no space) or kInternal.
[[nodiscard]] Error rocks_error(const rocksdb::Status& status, std::string_view doing);

class RocksDatabase {
 public:
  /// What the host had noted when the database was opened.
  struct Notes {
    Generation generation;
    LogIndex applied;
    std::uint64_t incarnation = 0;
  };

  /// Opens or creates, checks the identity, counts the incarnation and sweeps up generations that are not in
  /// use.
  [[nodiscard]] static Result<std::unique_ptr<RocksDatabase>> open(const RocksOptions& options);
  RocksDatabase(const RocksDatabase&) = delete;
  RocksDatabase& operator=(const RocksDatabase&) = delete;
  ~RocksDatabase();

  [[nodiscard]] const Notes& notes() const { return notes_; }
  [[nodiscard]] rocksdb::DB& db() { return *db_; }
  /// A write or a sync of the log file failed: what follows cannot be appended any more. Only becomes true.
  [[nodiscard]] bool log_write_failed() const { return watcher_->log_write_failed; }

  /// Notes that everything written so far is durable. To be called after each synced write.
  [[nodiscard]] Status note_durable();

  void add(const Batch& batch, Generation generation, rocksdb::WriteBatch& out) const;
  void put_state(Generation generation, std::string_view key, std::string_view value,
                 rocksdb::WriteBatch& out) const;
  void note_applied(LogIndex index, rocksdb::WriteBatch& out) const;
  void note_generation(Generation generation, rocksdb::WriteBatch& out) const;
  void drop_generation(Generation generation, rocksdb::WriteBatch& out) const;

  [[nodiscard]] Result<std::optional<Bytes>> get(Space space, Generation generation,
                                                 std::string_view key) const;
  /// Walks [first, last) of a space; an empty `last` is its end. `status` must be asked afterwards.
  class Range : public Overlay::Below {
   public:
    [[nodiscard]] virtual Status status() const = 0;
  };
  [[nodiscard]] std::unique_ptr<Range> range(Space space, Generation generation, std::string_view first,
                                             std::string_view last) const;
  /// Pins the state as it is now.
  [[nodiscard]] std::unique_ptr<StateCursor> pin(Generation generation) const;

 private:
  /// Told by RocksDB where an error came from, which the status of a write does not say.
  class Watcher : public rocksdb::EventListener {
   public:
    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* /*status*/) override {
      if (reason != rocksdb::BackgroundErrorReason::kFlush &&
          reason != rocksdb::BackgroundErrorReason::kCompaction)
        log_write_failed = true;
    }
    /// RocksDB is about to begin a new log file. Unsynced writes at the end of the old one must not be lost
    /// while later ones in the new one are kept:
    ///   1. effects of entry 7 go to the end of the old file, unsynced
    ///   2. effects of entry 8 go to the new file; the kernel happens to write that back first
    ///   3. power loss: the state has entry 8 and the applied index says 8, but entry 7 is missing
    void OnMemTableSealed(const rocksdb::MemTableInfo& /*info*/) override {
      if (db != nullptr && !db.load()->SyncWAL().ok()) log_write_failed = true;
    }
    std::atomic<rocksdb::DB*> db = nullptr;
    std::atomic<bool> log_write_failed = false;
  };

  RocksDatabase() : watcher_(std::make_shared<Watcher>()) {}

  [[nodiscard]] Status check_mark(const std::string& directory) const;
  [[nodiscard]] Status read_notes(const std::string& identity);
  [[nodiscard]] Result<std::optional<std::uint64_t>> read_number(std::string_view key) const;
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Space space) const;
  [[nodiscard]] static Bytes full_key(Space space, Generation generation, std::string_view key);
  [[nodiscard]] static Bytes end_of(Space space, Generation generation);

  std::shared_ptr<Watcher> watcher_;
  std::unique_ptr<rocksdb::Env> env_;  // outlives db_ and mark_
  std::unique_ptr<DurableMark> mark_;
  std::unique_ptr<rocksdb::WalFilter> no_gaps_;  // asked while the database opens
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  // default, log, state
  Notes notes_;
};

}  // namespace ordeal::host
