#pragma once
// The port between the core thread and the disk. The core thread hands over writes and never waits: what it
// gave is visible in view() at once, and how far the disk has come arrives later through StorageSink, in
// order. The implementations are RocksDB (rocks_storage.h) and memory (memory_storage.h).

#include "common/ids.h"
#include "common/result.h"
#include "node/protocol.h"
#include "node/store.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ordeal::host {

/// How far the storage has come since the last report.
struct StorageProgress {
  Ticket durable;             ///< highest durable ticket; 0: none new
  std::uint64_t written = 0;  ///< highest change that is in the store below the overlay; 0: none new
  /// SnapshotTaken, SnapshotChunk and SnapshotInstalled, in order.
  std::vector<Input> inputs;
};

/// Told by a storage, on a thread of its own or inside flush(). After `failed` nothing more is reported and
/// the node stops: a failed sync is never retried (the page cache may have dropped the pages it failed on).
class StorageSink {
 public:
  StorageSink() = default;
  StorageSink(const StorageSink&) = delete;
  StorageSink& operator=(const StorageSink&) = delete;
  virtual ~StorageSink() = default;

  virtual void advanced(StorageProgress progress) = 0;
  virtual void failed(Error error) = 0;
  /// One round of the disk: how long its sync took (0 when it needed none) and how many bytes it wrote.
  virtual void wrote(Duration sync, std::uint64_t bytes) = 0;
};

class Storage {
 public:
  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  virtual ~Storage() = default;

  /// Everything that was handed over, durable or not. For the core thread alone.
  [[nodiscard]] virtual const StoreView& view() const = 0;
  /// The applied index of the state as it was opened.
  [[nodiscard]] virtual LogIndex applied_at_open() const = 0;
  /// Grows by one at each open; durable.
  [[nodiscard]] virtual std::uint64_t incarnation() const = 0;

  /// Before anything else. `sink` outlives stop().
  virtual void start(StorageSink& sink) = 0;
  /// Writes what was handed over and ends the storage's thread. Nothing may be handed over afterwards.
  virtual void stop() = 0;

  // The rest is for the core thread.

  virtual void write(Ticket ticket, Batch batch) = 0;
  /// The effects of the entry at `index`, which becomes the applied index.
  virtual void apply(Batch effects, LogIndex index) = 0;
  /// `applied`: the index of the last entry that was executed.
  virtual void carry_out(SnapshotStep step, LogIndex applied) = 0;
  /// Sets everything that was handed over on its way.
  virtual void flush() = 0;
  /// Lets go of what the overlay holds for it. To be called with every progress, before its inputs reach the
  /// core.
  virtual void settle(const StorageProgress& progress) = 0;

  /// True while the disk has no room for more: requests that write are to be refused. From any thread.
  [[nodiscard]] virtual bool disk_full() const = 0;
};

}  // namespace ordeal::host
