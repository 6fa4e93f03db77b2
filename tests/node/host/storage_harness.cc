#include "tests/node/host/storage_harness.h"

#include "common/check.h"
#include "node/host/rocks_storage.h"
#include "tests/node/host/faulty_file_system.h"
#include "tests/node/host/storage_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace ordeal::test {
namespace {

using host::Storage;
using host::StorageProgress;

constexpr const char* kDirectory = "/node/data";
constexpr std::uint64_t kBufferBytes = 64UL * 1024;

/// The core thread's ear. The harness waits on it; what it may not hear is kept as a complaint.
class Ear : public host::StorageSink {
 public:
  void advanced(StorageProgress progress) override {
    const std::lock_guard lock(mutex_);
    if (failed_) complaint_ = "the storage reported progress after it had failed";
    if (progress.durable != Ticket(0) && progress.durable <= durable_)
      complaint_ = "tickets were reported out of order";
    durable_ = std::max(durable_, progress.durable);
    arrived_.push_back(std::move(progress));
    changed_.notify_all();
  }
  void failed(Error error) override {
    const std::lock_guard lock(mutex_);
    failed_ = std::move(error);
    changed_.notify_all();
  }
  void wrote(Duration /*sync*/, std::uint64_t /*bytes*/) override {}

  /// What arrived, waiting a little when it is nothing; empty after a failure.
  std::vector<StorageProgress> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(20), [this] { return !arrived_.empty() || failed_; });
    return std::exchange(arrived_, {});
  }
  [[nodiscard]] std::optional<Error> failure() {
    const std::lock_guard lock(mutex_);
    return failed_;
  }
  [[nodiscard]] std::optional<std::string> complaint() {
    const std::lock_guard lock(mutex_);
    return complaint_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<StorageProgress> arrived_;
  std::optional<Error> failed_;
  std::optional<std::string> complaint_;
  Ticket durable_;
};

bool is_silent(Trouble trouble) {
  return trouble == Trouble::kRot || trouble == Trouble::kWriteLost || trouble == Trouble::kWriteMisplaced;
}

class Run {
 public:
  Run(std::uint64_t seed, const HarnessOptions& options)
      : options_(options), rng_(seed), disk_(rng_.split("disk")), trouble_(rng_.pick(options.troubles)) {}

  HarnessReport run() {
    const std::uint64_t lives = 3 + rng_.below(10);
    const std::uint64_t troubled = rng_.below(lives);
    for (std::uint64_t life = 0; life < lives && !over_; ++life) live(life == troubled);
    return report_;
  }

 private:
  enum class End : std::uint8_t { kPowerLoss, kKill, kCleanStop };

  void violated(std::string text) {
    if (!report_.violation) report_.violation = fmt::format("{} [{}]", text, to_text(trouble_));
    over_ = true;
  }

  void live(bool troubled) {
    const std::uint64_t draw = rng_.below(8);
    End end = End::kCleanStop;
    if (draw < options_.power_losses_of_8 + options_.kills_of_8) end = End::kKill;
    if (draw < options_.power_losses_of_8) end = End::kPowerLoss;
    const std::vector<std::uint64_t> lengths = {60, 200, 500, 1500};
    const std::vector<FileKind> kinds = {FileKind::kAny, FileKind::kAny, FileKind::kLog};
    if (end != End::kCleanStop)
      disk_.plan({DiskFault::Kind::kDie, rng_.pick(kinds), rng_.below(rng_.pick(lengths))});
    if (troubled) start_trouble();
    Ear ear;
    ear_ = &ear;
    if (open()) {
      drive();
      finish(end);
    } else if (!over_ && end == End::kCleanStop) {
      end = End::kKill;
    }
    storage_.reset();
    if (const auto complaint = ear.complaint()) violated(*complaint);
    ear_ = nullptr;
    count_trouble();
    if (!over_) leave(end);
  }

  /// Plans this disk's one trouble.
  void start_trouble() {
    const std::vector<FileKind> kinds = {FileKind::kAny, FileKind::kLog, FileKind::kLog, FileKind::kTable,
                                         FileKind::kManifest};
    const FileKind kind = rng_.pick(kinds);
    switch (trouble_) {
      case Trouble::kNone:
        break;
      case Trouble::kSyncError:
        disk_.plan({DiskFault::Kind::kSyncFails, kind, rng_.below(30)});
        break;
      case Trouble::kSyncLie:
        disk_.plan({DiskFault::Kind::kSyncLies, kind, rng_.below(30)});
        break;
      case Trouble::kRot:
        rot(kind);
        break;
      case Trouble::kWriteLost:
        disk_.plan({DiskFault::Kind::kWriteLost, kind, rng_.below(30)});
        break;
      case Trouble::kWriteMisplaced:
        disk_.plan({DiskFault::Kind::kWriteMisplaced, kind, rng_.below(30)});
        break;
      case Trouble::kReadError:
        disk_.plan({DiskFault::Kind::kReadFails, kind, rng_.below(60)});
        break;
      case Trouble::kNoSpace:
        no_space_at_ = rng_.below(40);
        break;
    }
  }

  void rot(FileKind kind) {
    std::uint64_t offset = 0;
    if (!disk_.rot(kind, rotten_, offset)) return;
    rotten_ = fmt::format("{} at {}", rotten_, offset);
  }

  /// Whether this disk's trouble has happened, so that an error is an answer: in this life, when the disk is
  /// as good as new in the next.
  [[nodiscard]] bool troubled() {
    switch (trouble_) {
      case Trouble::kNone:
        return false;
      case Trouble::kSyncError:
        return disk_.struck(DiskFault::Kind::kSyncFails) > sync_failures_before_;
      case Trouble::kSyncLie:
        return disk_.struck(DiskFault::Kind::kSyncLies) > 0;
      case Trouble::kRot:
        return !rotten_.empty();
      case Trouble::kWriteLost:
        return disk_.struck(DiskFault::Kind::kWriteLost) > 0;
      case Trouble::kWriteMisplaced:
        return disk_.struck(DiskFault::Kind::kWriteMisplaced) > 0;
      case Trouble::kReadError:
        return disk_.struck(DiskFault::Kind::kReadFails) > read_failures_before_;
      case Trouble::kNoSpace:
        return space_was_short_;
    }
    return false;
  }

  /// An error that is not a crash: right when there was a trouble, and this disk's last word when the trouble
  /// stays.
  void error_arrived(const std::string& doing, const Error& error) {
    if (disk_.dead()) return;
    if (troubled()) {
      ++report_.errors[trouble_];
      over_ |= is_silent(trouble_) || trouble_ == Trouble::kSyncLie;
      return;
    }
    if (gaps_ && error.code == ErrorCode::kCorruption) {
      ++report_.refused_after_gap;
      over_ = true;
      return;
    }
    violated(fmt::format("error {} without a reason: {}", doing, error.message));
  }

  bool open() {
    host::RocksOptions options;
    options.directory = kDirectory;
    options.identity = "c/n1";
    options.reserve_bytes = 32UL * 1024;
    // Never ample, so that the storage looks before every write.
    options.free_bytes = [this](const std::string&) {
      return honest_ ? std::min<std::uint64_t>(disk_.free_bytes(), 512UL * 1024 * 1024) : UINT64_MAX;
    };
    options.file_system = make_faulty_file_system(disk_);
    options.write_buffer_bytes = kBufferBytes;
    options.plants = options_.plants;
    auto opened = host::open_rocks_storage(std::move(options));
    if (!opened.ok()) {
      error_arrived("opening", opened.error());
      return false;
    }
    storage_ = std::move(*opened);
    StorageState found;
    if (!read_all(found)) return false;
    check_found(found);
    if (over_) return false;
    gaps_ = false;
    ++report_.opens;
    ticket_ = 0;
    stream_.reset();
    storage_->start(*ear_);
    return true;
  }

  bool read_all(StorageState& found) {
    found.applied = storage_->applied_at_open();
    for (const Space space : {Space::kLog, Space::kState}) {
      const Status status =
          storage_->view().scan(space, "", "", [&](std::string_view key, std::string_view value) {
            found.space(space).emplace(key, value);
            return true;
          });
      if (!status.ok()) {
        error_arrived("reading", status.error());
        return false;
      }
    }
    return true;
  }

  void check_found(const StorageState& found) {
    if (const auto wrong = model_.never_written(found)) return violated(*wrong);
    auto wrong = model_.reopen(found);
    const bool lied = trouble_ == Trouble::kSyncLie && troubled();
    if (wrong && lied) {
      over_ = true;  // the promise is void; what is left of it was checked
      return;
    }
    if (wrong) return violated(*wrong + (rotten_.empty() ? "" : " (rotten: " + rotten_ + ")"));
    if (storage_->incarnation() <= incarnation_)
      return violated(fmt::format("incarnation {} after {}", storage_->incarnation(), incarnation_));
    // A lying disk may forget incarnations, which is not the storage's doing.
    if (!lied) incarnation_ = storage_->incarnation();
  }

  // --- What a core does

  void drive() {
    const std::uint64_t steps = 10 + rng_.below(200);
    for (std::uint64_t i = 0; i < steps && going(); ++i) {
      if (no_space_at_ == i) run_short_of_space();
      step();
      if (storage_->disk_full()) disk_.limit(UINT64_MAX);
    }
    no_space_at_.reset();
  }

  [[nodiscard]] bool going() { return !over_ && !failed_ && !disk_.dead(); }

  void run_short_of_space() {
    space_was_short_ = true;
    honest_ = rng_.chance(1, 2);
    disk_.limit(disk_.used_bytes() + rng_.below(40'000));
    ++report_.troubles[trouble_];
  }

  void step() {
    const std::uint64_t what = rng_.below(100);
    if (what < 45) {
      write();
    } else if (what < 85) {
      apply();
    } else if (what < 90) {
      check_view();
    } else if (what < 94) {
      take_snapshot();
    } else if (what < 97) {
      install_snapshot();
    }
    if (rng_.chance(1, 3)) storage_->flush();
    // Mostly in step, so that a seed means the same again; now and then with work in flight.
    if (rng_.chance(1, 4)) wait_durable();
  }

  Bytes value(const Bytes& key) {
    ++serial_;
    const std::vector<std::uint64_t> sizes = {8, 30, 200, 600, 3000};
    const std::uint64_t size = rng_.below(rng_.pick(sizes));
    Bytes bytes = fmt::format("{}#{}:", key, serial_);
    while (bytes.size() < size) bytes.push_back(static_cast<char>('a' + (bytes.size() + serial_) % 26));
    return bytes;
  }

  void write() {
    Batch batch;
    if (rng_.chance(1, 8) && last_entry_ > first_entry_) {
      const std::uint64_t cut = first_entry_ + 1 + rng_.below(last_entry_ - first_entry_);
      batch.erase_range(Space::kLog, entry_key(cut), entry_key(UINT64_MAX));
      last_entry_ = cut - 1;
    }
    if (rng_.chance(1, 10) && last_entry_ > first_entry_) {
      const std::uint64_t cut = first_entry_ + rng_.below(last_entry_ - first_entry_);
      batch.erase_range(Space::kLog, entry_key(0), entry_key(cut));
      first_entry_ = cut;
    }
    for (std::uint64_t n = rng_.below(3); n > 0; --n) {
      const Bytes key = entry_key(++last_entry_);
      batch.put(Space::kLog, key, value(key));
    }
    if (rng_.chance(1, 3)) batch.put(Space::kLog, "term-and-vote", value("term-and-vote"));
    hand_over_write(batch);
  }

  void hand_over_write(const Batch& batch) {
    const Ticket ticket(++ticket_);
    model_.write(ticket, batch);
    storage_->write(ticket, batch);
  }

  static Bytes entry_key(std::uint64_t index) { return fmt::format("entry{:020}", index); }

  void apply() {
    Batch effects;
    for (std::uint64_t n = rng_.below(4); n > 0; --n) {
      const Bytes key = fmt::format("k{:02}", rng_.below(30));
      if (rng_.chance(1, 8)) {
        effects.erase(Space::kState, key);
      } else if (rng_.chance(1, 20)) {
        effects.erase_range(Space::kState, key, key + "~");
      } else {
        effects.put(Space::kState, key, value(key));
      }
    }
    const LogIndex index(model_.latest().applied.value() + 1);
    model_.apply(effects, index);
    storage_->apply(effects, index);
  }

  void check_view() {
    StorageState seen;
    if (!read_all(seen)) return;
    seen.applied = model_.latest().applied;
    if (!(seen == model_.latest())) violated("view: " + difference(seen, model_.latest()));
  }

  void take_snapshot() {
    const SnapshotId id(++snapshot_id_);
    storage_->carry_out(SnapshotTake{id}, model_.latest().applied);
    storage_->flush();
    auto content = model_.latest().space(Space::kState);
    Bytes stream;
    for (bool last = false; !last;) {
      storage_->carry_out(SnapshotRead{id, stream.size(), 700}, model_.latest().applied);
      auto chunk = wait_for<SnapshotChunk>();
      if (!chunk) return;
      stream += chunk->bytes;
      last = chunk->last;
    }
    storage_->carry_out(SnapshotDrop{id}, model_.latest().applied);
    stream_ = {std::move(stream), std::move(content)};
  }

  void install_snapshot() {
    if (!stream_) return;
    const SnapshotId id(++snapshot_id_);
    for (std::size_t offset = 0; offset < stream_->bytes.size(); offset += 900) {
      storage_->carry_out(SnapshotStage{id, offset, stream_->bytes.substr(offset, 900)},
                          model_.latest().applied);
      if (rng_.chance(1, 3)) storage_->flush();
    }
    if (rng_.chance(1, 6)) return;  // it never ends
    const LogIndex index(model_.latest().applied.value() + 5);
    Batch batch;
    batch.erase_range(Space::kLog, entry_key(0), entry_key(UINT64_MAX));
    batch.put(Space::kLog, "snapshot-index", value("snapshot-index"));
    first_entry_ = last_entry_;
    model_.install(stream_->content, index, batch);
    storage_->carry_out(SnapshotInstall{id, index, batch}, index);
    if (wait_for<SnapshotInstalled>()) model_.installed();
  }

  // --- Waiting

  /// Takes in what has arrived. False when nothing more is to be expected.
  bool listen() {
    for (StorageProgress& progress : ear_->wait()) {
      storage_->settle(progress);
      if (progress.durable > Ticket(0)) {
        report_.tickets_durable += progress.durable.value() - durable_;
        durable_ = progress.durable.value();
        model_.durable(progress.durable);
      }
      for (Input& input : progress.inputs) inputs_.push_back(std::move(input));
    }
    if (const auto failure = ear_->failure()) {
      failed_ = true;
      error_arrived("running", *failure);
      return false;
    }
    if (storage_->disk_full()) disk_.limit(UINT64_MAX);
    return !over_ && !disk_.dead();
  }

  void wait_durable() {
    storage_->flush();
    while (durable_ < ticket_ && listen()) {
    }
  }

  template <class T>
  std::optional<T> wait_for() {
    storage_->flush();
    while (true) {
      const bool more = listen();
      for (auto it = inputs_.begin(); it != inputs_.end(); ++it) {
        if (!std::holds_alternative<T>(*it)) continue;
        T input = std::get<T>(std::move(*it));
        inputs_.erase(it);
        return input;
      }
      if (!more) return std::nullopt;
    }
  }

  // --- The end of a life

  void finish(End end) {
    if (failed_ && !disk_.dead()) {
      // What is handed over after a failure must never be called durable.
      hand_over_write({});
      storage_->flush();
    }
    if (end != End::kCleanStop && !disk_.dead()) {
      disk_.forget_deaths();
      disk_.plan({DiskFault::Kind::kDie, FileKind::kAny, 0});
    }
    storage_->stop();
    while (!ear_->failure() && listen_after_stop()) {
    }
    if (end == End::kCleanStop && !failed_ && !ear_->failure() && !disk_.dead()) stopped_clean_ = true;
  }

  /// What was reported before the storage ended counts as well.
  bool listen_after_stop() {
    const auto arrived = ear_->wait();
    for (const StorageProgress& progress : arrived) {
      if (progress.durable > Ticket(0)) model_.durable(progress.durable);
      for (const Input& input : progress.inputs) {
        if (std::holds_alternative<SnapshotInstalled>(input)) model_.installed();
      }
    }
    return !arrived.empty();
  }

  void leave(End end) {
    if (disk_.dead() && report_.opens == opens_before_) ++report_.died_opening;
    opens_before_ = report_.opens;
    disk_.forget_deaths();
    disk_.limit(UINT64_MAX);
    space_was_short_ = false;
    sync_failures_before_ = disk_.struck(DiskFault::Kind::kSyncFails);
    read_failures_before_ = disk_.struck(DiskFault::Kind::kReadFails);
    failed_ = false;
    durable_ = 0;
    inputs_.clear();
    if (std::exchange(stopped_clean_, false) && end == End::kCleanStop) {
      model_.stopped();
      ++report_.clean_stops;
      disk_.kill();
      if (is_silent(trouble_)) disk_.drop_caches();
      return;
    }
    if (end != End::kPowerLoss) {
      ++report_.kills;
      disk_.kill();
      return;
    }
    ++report_.power_losses;
    const PowerLoss loss = disk_.lose_power();
    model_.power_lost();
    gaps_ = loss.gaps;
    report_.sectors_spoilt += loss.sectors_garbage + loss.sectors_old + loss.sectors_torn;
    report_.names_undone += loss.names_undone;
  }

  void count_trouble() {
    if (counted_ || trouble_ == Trouble::kNone || trouble_ == Trouble::kNoSpace || !troubled()) return;
    counted_ = true;
    ++report_.troubles[trouble_];
  }

  HarnessOptions options_;
  Rng rng_;
  FaultyDisk disk_;
  Trouble trouble_;
  HarnessReport report_;
  StorageModel model_;
  std::unique_ptr<Storage> storage_;
  Ear* ear_ = nullptr;

  // Of a disk.
  bool over_ = false;  // only becomes true
  bool counted_ = false;
  bool gaps_ = false;  // since the last open
  bool space_was_short_ = false;
  bool honest_ = true;                      // statvfs tells the truth
  std::uint64_t sync_failures_before_ = 0;  // this life
  std::uint64_t read_failures_before_ = 0;
  std::string rotten_;
  std::uint64_t incarnation_ = 0;
  std::uint64_t serial_ = 0;
  std::uint64_t first_entry_ = 0;
  std::uint64_t last_entry_ = 0;
  std::uint64_t snapshot_id_ = 0;
  std::uint64_t opens_before_ = 0;

  // Of a life.
  bool failed_ = false;
  bool stopped_clean_ = false;
  std::uint64_t ticket_ = 0;
  std::uint64_t durable_ = 0;
  std::optional<std::uint64_t> no_space_at_;
  std::vector<Input> inputs_;
  struct Stream {
    Bytes bytes;
    std::map<Bytes, Bytes> content;
  };
  std::optional<Stream> stream_;
};

}  // namespace

std::string_view to_text(Trouble trouble) {
  switch (trouble) {
    case Trouble::kNone:
      return "none";
    case Trouble::kSyncError:
      return "sync-error";
    case Trouble::kSyncLie:
      return "sync-lie";
    case Trouble::kRot:
      return "rot";
    case Trouble::kWriteLost:
      return "write-lost";
    case Trouble::kWriteMisplaced:
      return "write-misplaced";
    case Trouble::kReadError:
      return "read-error";
    case Trouble::kNoSpace:
      return "no-space";
  }
  return "";
}

void HarnessReport::add(const HarnessReport& other) {
  if (!violation) violation = other.violation;
  opens += other.opens;
  power_losses += other.power_losses;
  kills += other.kills;
  clean_stops += other.clean_stops;
  died_opening += other.died_opening;
  tickets_durable += other.tickets_durable;
  sectors_spoilt += other.sectors_spoilt;
  names_undone += other.names_undone;
  refused_after_gap += other.refused_after_gap;
  for (const auto& [trouble, count] : other.troubles) troubles[trouble] += count;
  for (const auto& [trouble, count] : other.errors) errors[trouble] += count;
}

HarnessReport run_harness(std::uint64_t seed, const HarnessOptions& options) {
  HarnessReport report = Run(seed, options).run();
  if (report.violation) *report.violation = fmt::format("seed {}: {}", seed, *report.violation);
  return report;
}

}  // namespace ordeal::test
