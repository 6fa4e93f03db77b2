#pragma once
// The storage port over an ordered map, with a disk that takes virtual time and can lose what it was given.
//
// What is handed over goes queued -> on its way (one round of the disk at a time) -> durable. A process that
// is killed loses what is queued; a machine that loses power loses a suffix of everything that is not
// durable. A disk that lies calls durable what is not, until a sync after it has stopped lying. The content
// outlives the process: a new life opens the same storage again.

#include "common/prng.h"
#include "common/time.h"
#include "node/host/duties/map_state.h"
#include "node/host/duties/storage.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace ordeal::sim {

struct DiskHealth {
  Duration sync_min = microseconds(50);
  Duration sync_max = microseconds(500);
  bool full = false;     ///< writes of clients are refused
  bool lies = false;     ///< reports as durable what is not
  bool failing = false;  ///< the next sync fails

  friend bool operator==(const DiskHealth&, const DiskHealth&) = default;
};

class DiskStorage : public host::Storage {
 public:
  /// `left_out`: as in MapSnapshots.
  DiskStorage(std::optional<char> left_out, const DiskHealth& health, Rng rng);

  // --- The port

  [[nodiscard]] const StoreView& view() const override { return state_; }
  [[nodiscard]] LogIndex applied_at_open() const override { return applied_; }
  [[nodiscard]] std::uint64_t incarnation() const override { return incarnation_; }
  void start(host::StorageSink& sink) override;
  void stop() override { sink_ = nullptr; }
  void write(Ticket ticket, Batch batch) override;
  void apply(Batch effects, LogIndex index) override;
  void carry_out(SnapshotStep step, LogIndex applied) override;
  void flush() override;
  void settle(const host::StorageProgress& /*progress*/) override {}
  [[nodiscard]] bool disk_full() const override { return health_.full; }

  // --- The world's side

  /// How long the round that began takes; none when none did. To be asked after every turn of the core.
  [[nodiscard]] std::optional<Duration> began_round();
  /// The round is over: tells the sink. Requires: one is under way.
  void end_round();

  /// What the state is, and after which entry.
  [[nodiscard]] std::uint64_t state_digest() const { return state_.digest(); }
  [[nodiscard]] LogIndex applied() const { return applied_; }

  /// How many parts of snapshots have come in, over all lives.
  [[nodiscard]] std::uint64_t parts_staged() const { return parts_staged_; }

  /// The process is gone, the machine goes on. Gives how many batches went with it.
  std::size_t kill();
  /// The machine is gone.
  std::size_t lose_power();
  /// How many batches were called durable by a disk that lied, and are not.
  [[nodiscard]] std::size_t lied() const { return lied_; }
  /// How many of these power losses have taken.
  [[nodiscard]] std::size_t promises_broken() const { return promises_broken_; }

  /// One of the log's records cannot be read. False: there is none.
  bool damage();
  void mend() { state_.mend(); }
  [[nodiscard]] bool damaged() const { return state_.damaged(); }

  [[nodiscard]] DiskHealth& health() { return health_; }
  [[nodiscard]] const DiskHealth& health() const { return health_; }

 private:
  struct Pending {
    host::MapState::Undo undo;
    LogIndex applied_before;
    Ticket ticket;
  };

  void add(Ticket ticket, Batch batch, std::optional<LogIndex> applied);
  /// Gives how many went.
  std::size_t keep_first(std::size_t count);
  /// What a power loss or a failed sync leaves: these at least.
  std::size_t keep_some(std::size_t least);
  void end_life();
  void snapshot(SnapshotTake& step, LogIndex applied);
  void snapshot(SnapshotRead& step, LogIndex applied);
  void snapshot(SnapshotDrop& step, LogIndex applied);
  void snapshot(SnapshotStage& step, LogIndex applied);
  void snapshot(SnapshotInstall& step, LogIndex applied);

  std::optional<char> left_out_;
  DiskHealth health_;
  Rng rng_;
  host::MapState state_;
  LogIndex applied_;
  std::uint64_t incarnation_ = 0;
  std::uint64_t parts_staged_ = 0;
  std::size_t promises_broken_ = 0;

  std::deque<Pending> pending_;  ///< not durable, oldest first
  std::size_t lied_ = 0;         ///< of these: called durable
  std::size_t written_ = 0;      ///< of these: with the operating system; a kill leaves them
  bool owes_sync_ = false;       ///< something that waits for a sync is queued
  bool syncing_ = false;         ///< a round is under way, of the first `in_round_` of pending_
  bool announced_ = true;        ///< began_round has told of it
  bool sync_failed_ = false;
  std::size_t in_round_ = 0;

  // Of one life of the process.
  host::StorageSink* sink_ = nullptr;
  host::MapSnapshots snapshots_;
  std::vector<Input> reports_;        ///< for the next round
  std::vector<Input> round_reports_;  ///< of the round under way
};

}  // namespace ordeal::sim
