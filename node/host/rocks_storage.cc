#include "node/host/rocks_storage.h"

#include "common/check.h"
#include "node/host/duties/snapshot_stream.h"
#include "node/host/overlay.h"
#include "node/host/rocks_database.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace ordeal::host {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kSpacePeriod{250};       // how often the free space is looked at
constexpr std::uint64_t kAmpleBytes = 1024UL * 1024 * 1024;  // below: before every write
constexpr std::uint64_t kFloorBytesMax = 8UL * 1024 * 1024;  // below, a batch is held

/// Work for the storage thread. `number` is that of the overlay.
struct WriteJob {
  Ticket ticket;
  Batch batch;
};
struct ApplyJob {
  LogIndex index;
  Batch effects;
};
struct SnapshotJob {
  SnapshotStep step;
  LogIndex applied;
};
struct DropGenerationJob {
  Generation generation;
};
struct Job {
  std::uint64_t number = 0;
  std::variant<WriteJob, ApplyJob, SnapshotJob, DropGenerationJob> what;
};

std::uint64_t free_bytes_of(const std::string& directory) {
  struct statvfs stats {};
  // When it cannot be known, the writes themselves tell.
  if (statvfs(directory.c_str(), &stats) != 0) return UINT64_MAX;
  return static_cast<std::uint64_t>(stats.f_bavail) * stats.f_frsize;
}

/// The database below the overlay, as the core thread sees it.
class RocksView : public StoreView {
 public:
  explicit RocksView(const RocksDatabase& database)
      : database_(database), generation_(database.notes().generation) {}

  Result<std::optional<Bytes>> get(Space space, std::string_view key) const override {
    std::string_view value;
    switch (overlay_.find(space, key, value)) {
      case Overlay::Found::kPresent:
        return std::optional<Bytes>(value);
      case Overlay::Found::kAbsent:
        return std::optional<Bytes>();
      case Overlay::Found::kUnknown:
        break;
    }
    return database_.get(space, generation_, key);
  }

  Status scan(Space space, std::string_view first, std::string_view last,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    const auto below = database_.range(space, generation_, first, last);
    overlay_.scan(space, first, last, *below, visit);
    return below->status();
  }

  [[nodiscard]] Overlay& overlay() { return overlay_; }
  [[nodiscard]] Generation generation() const { return generation_; }
  void switch_to(Generation generation) {
    generation_ = generation;
    overlay_.forget(Space::kState);
  }

 private:
  const RocksDatabase& database_;
  Overlay overlay_;
  Generation generation_;
};

class RocksStorage : public Storage {
 public:
  RocksStorage(RocksOptions options, std::unique_ptr<RocksDatabase> database)
      : options_(std::move(options)),
        database_(std::move(database)),
        view_(*database_),
        generation_(database_->notes().generation),
        generation_last_(generation_) {}
  ~RocksStorage() override { stop(); }

  [[nodiscard]] const StoreView& view() const override { return view_; }
  [[nodiscard]] LogIndex applied_at_open() const override { return database_->notes().applied; }
  [[nodiscard]] std::uint64_t incarnation() const override { return database_->notes().incarnation; }

  void start(StorageSink& sink) override {
    sink_ = &sink;
    look_at_space();
    thread_ = std::thread([this] { work(); });
  }

  void stop() override {
    if (!thread_.joinable()) return;
    flush();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void write(Ticket ticket, Batch batch) override {
    const std::uint64_t number = view_.overlay().add(batch);
    taken_.push_back({number, WriteJob{ticket, std::move(batch)}});
  }
  void apply(Batch effects, LogIndex index) override {
    const std::uint64_t number = view_.overlay().add(effects);
    taken_.push_back({number, ApplyJob{index, std::move(effects)}});
  }
  void carry_out(SnapshotStep step, LogIndex applied) override {
    const auto* install = std::get_if<SnapshotInstall>(&step);
    const std::uint64_t number =
        install != nullptr ? view_.overlay().add(install->batch) : view_.overlay().pass();
    taken_.push_back({number, SnapshotJob{std::move(step), applied}});
  }

  void flush() override {
    if (taken_.empty()) return;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      wake = pending_.empty();
      if (wake) {
        pending_.swap(taken_);
      } else {
        for (Job& job : taken_) pending_.push_back(std::move(job));
      }
    }
    taken_.clear();
    if (wake) wake_.notify_one();
  }

  void settle(const StorageProgress& progress) override {
    view_.overlay().settle(progress.written);
    for (const Input& input : progress.inputs) {
      if (!std::holds_alternative<SnapshotInstalled>(input)) continue;
      const Generation old = view_.generation();
      view_.switch_to(Generation(installed_.load()));
      taken_.push_back({view_.overlay().pass(), DropGenerationJob{old}});
    }
  }

  [[nodiscard]] bool disk_full() const override { return full_.load(std::memory_order_relaxed); }

 private:
  void work() {
    std::vector<Job> jobs;
    while (true) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, kSpacePeriod, [this] { return !pending_.empty() || stopping_; });
        if (pending_.empty() && stopping_) return;
        jobs.swap(pending_);
      }
      if (Clock::now() >= space_due_) look_at_space();
      if (const Status status = carry_out_all(jobs); !status.ok()) {
        // A disk that was full until the end: what could not be written was never called durable.
        const std::lock_guard lock(mutex_);
        if (stopping_ && status.error().code == ErrorCode::kResourceExhausted) return;
        return sink_->failed(status.error());
      }
      jobs.clear();
    }
  }

  /// One round: everything up to a snapshot step that needs it goes in one batch.
  Status carry_out_all(std::vector<Job>& jobs) {
    for (Job& job : jobs) {
      if (auto* write = std::get_if<WriteJob>(&job.what)) {
        database_->add(write->batch, generation_, batch_);
        progress_.durable = write->ticket;
      } else if (auto* apply = std::get_if<ApplyJob>(&job.what)) {
        database_->add(apply->effects, generation_, batch_);
        applied_ = apply->index;
      } else if (auto* drop = std::get_if<DropGenerationJob>(&job.what)) {
        database_->drop_generation(drop->generation, batch_);
      } else {
        auto& snapshot = std::get<SnapshotJob>(job.what);
        const Status status =
            std::visit([&](auto& step) { return snapshot_step(step, snapshot.applied); }, snapshot.step);
        if (!status.ok()) return status;
      }
      progress_.written = job.number;
    }
    if (Status status = commit(progress_.durable != Ticket(0)); !status.ok()) return status;
    report();
    return {};
  }

  void report() {
    if (progress_.written == 0) return;
    StorageProgress progress;
    std::swap(progress, progress_);
    sink_->advanced(std::move(progress));
  }

  /// Writes what was gathered. Waits for room on a full disk; any other error is final.
  Status commit(bool sync) {
    const LogIndex applied = std::exchange(applied_, LogIndex(0));
    const bool apart = options_.plants.has(StorageBug::kS4);
    if (applied != LogIndex(0) && !apart) database_->note_applied(applied, batch_);
    if (batch_.Count() == 0 && !sync) return {};
    if (!wait_for_room()) return full();
    rocksdb::WriteOptions options;
    options.sync = sync;
    const auto begin = Clock::now();
    rocksdb::Status status = database_->db().Write(options, &batch_);
    // A flush in the background found no room, and RocksDB takes no writes until it is told to go on.
    while (status.IsNoSpace() && !database_->log_write_failed()) {
      full_ = true;
      if (!pause()) return full();
      // Ignored: the write that follows says whether it helped.
      static_cast<void>(database_->db().Resume());
      status = database_->db().Write(options, &batch_);
    }
    if (!status.ok()) return rocks_error(status, sync ? "writing and syncing its log" : "writing");
    // A sync between two log files, of which the write itself hears nothing.
    if (database_->log_write_failed()) return Error{ErrorCode::kInternal, "RocksDB failed syncing its log"};
    if (Status noted = sync ? database_->note_durable() : Status(); !noted.ok()) return noted;
    const auto length = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin);
    sink_->wrote(sync ? Duration(length.count()) : Duration(0), batch_.GetDataSize());
    batch_.Clear();
    if (applied == LogIndex(0) || !apart) return {};
    // PLANT S4
    database_->note_applied(applied, batch_);
    status = database_->db().Write(options, &batch_);
    batch_.Clear();
    return status.ok() ? Status() : rocks_error(status, "writing");
  }

  /// Holds the batch while the disk has no room for it. A write that fails half way would leave a log file
  /// that RocksDB cannot go on with, so it is not tried. False when the node stops.
  bool wait_for_room() {
    const std::uint64_t floor = std::min(kFloorBytesMax, options_.reserve_bytes / 8);
    const std::uint64_t needed = floor + 2 * batch_.GetDataSize();
    if (free_bytes_ < kAmpleBytes) look_at_space();
    while (free_bytes_ < needed) {
      full_ = true;
      if (!pause()) return false;
      look_at_space();
    }
    return true;
  }

  /// False when the node stops.
  bool pause() {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, kSpacePeriod, [this] { return stopping_; });
  }

  static Error full() { return {ErrorCode::kResourceExhausted, "the disk was full until the end"}; }

  void look_at_space() {
    free_bytes_ = options_.free_bytes(options_.directory);
    full_ = free_bytes_ < options_.reserve_bytes;
    space_due_ = Clock::now() + kSpacePeriod;
  }

  Status snapshot_step(const SnapshotTake& take, LogIndex applied) {
    if (Status status = commit(progress_.durable != Ticket(0)); !status.ok()) return status;
    writers_.insert_or_assign(take.id, SnapshotWriter(database_->pin(generation_), options_.left_out));
    progress_.inputs.emplace_back(SnapshotTaken{take.id, applied});
    return {};
  }

  Status snapshot_step(const SnapshotRead& read, LogIndex /*applied*/) {
    const auto it = writers_.find(read.id);
    if (it == writers_.end()) return {};  // dropped before
    auto piece = it->second.read(read.offset, read.size_max);
    if (!piece.ok()) return piece.error();
    progress_.inputs.emplace_back(SnapshotChunk{read.id, read.offset, std::move(piece->bytes), piece->last});
    return {};
  }

  Status snapshot_step(const SnapshotDrop& drop, LogIndex /*applied*/) {
    writers_.erase(drop.id);
    if (staged_ && staged_->id == drop.id) abandon_staged();
    return {};
  }

  Status snapshot_step(const SnapshotStage& stage, LogIndex /*applied*/) {
    if (stage.offset == 0) {
      if (staged_) abandon_staged();
      generation_last_ = generation_last_ + 1;
      staged_.emplace(Staged{stage.id, generation_last_, {}, 0});
    }
    if (!staged_ || staged_->id != stage.id || staged_->size != stage.offset) return gap();
    staged_->size += stage.bytes.size();
    return staged_->parser.feed(stage.bytes, [&](std::string_view key, std::string_view value) {
      database_->put_state(staged_->generation, key, value, batch_);
    });
  }

  Status snapshot_step(SnapshotInstall& install, LogIndex /*applied*/) {
    if (!staged_ || staged_->id != install.id || !staged_->parser.finished()) return gap();
    if (Status status = commit(progress_.durable != Ticket(0)); !status.ok()) return status;
    database_->add(install.batch, generation_, batch_);
    database_->note_generation(staged_->generation, batch_);
    applied_ = install.index;
    if (Status status = commit(true); !status.ok()) return status;
    generation_ = staged_->generation;
    staged_.reset();
    installed_ = generation_.value();
    progress_.inputs.emplace_back(SnapshotInstalled{install.id, install.index});
    return {};
  }

  void abandon_staged() {
    database_->drop_generation(staged_->generation, batch_);
    staged_.reset();
  }

  static Error gap() {
    return {ErrorCode::kCorruption, "a snapshot that is being installed has a gap or no end"};
  }

  struct Staged {
    SnapshotId id;
    Generation generation;
    SnapshotParser parser;
    std::uint64_t size = 0;
  };

  RocksOptions options_;
  std::unique_ptr<RocksDatabase> database_;

  // Of the core thread.
  RocksView view_;
  std::vector<Job> taken_;

  // Shared.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job> pending_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_; only becomes true
  std::atomic<bool> full_ = false;
  std::atomic<std::uint32_t> installed_ = 0;  // generation of the last installed snapshot

  // Of the storage thread.
  StorageSink* sink_ = nullptr;
  std::thread thread_;
  Generation generation_;       // where the state is
  Generation generation_last_;  // the highest that was ever used by this process; only grows
  rocksdb::WriteBatch batch_;
  LogIndex applied_;  // of the effects in batch_; 0: none
  StorageProgress progress_;
  std::uint64_t free_bytes_ = 0;  // when it was looked at last
  Clock::time_point space_due_;
  std::map<SnapshotId, SnapshotWriter> writers_;
  std::optional<Staged> staged_;
};

}  // namespace

Result<std::unique_ptr<Storage>> open_rocks_storage(RocksOptions options) {
  if (!options.free_bytes) options.free_bytes = free_bytes_of;
  auto database = RocksDatabase::open(options);
  if (!database.ok()) return database.error();
  return std::unique_ptr<Storage>(std::make_unique<RocksStorage>(std::move(options), std::move(*database)));
}

}  // namespace ordeal::host
