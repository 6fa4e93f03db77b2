#include "node/host/rocks_database.h"

#include "common/codec.h"
#include "node/host/rocks_plants.h"

#include <fmt/format.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <filesystem>

namespace ordeal::host {
namespace {

constexpr std::uint64_t kFormat = 1;
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kIdentityKey = "identity";
constexpr std::string_view kIncarnationKey = "incarnation";
constexpr std::string_view kGenerationKey = "generation";
constexpr std::string_view kAppliedKey = "applied";

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

std::string_view view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

Bytes number(std::uint64_t n) {
  Encoder encoder;
  encoder.u64(n);
  return std::move(encoder).take();
}

Bytes generation_prefix(Generation generation) {
  return big_endian_key(generation.value()).substr(4);
}

rocksdb::DBOptions database_options(const RocksOptions& how) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // The default would drop everything behind a damaged record in the middle of the log file without a word,
  // acknowledged writes among it. A torn record at the very end is what a crash leaves.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // PLANT S2
  if (how.plants.has(StorageBug::kS2))
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.paranoid_checks = true;
  options.allow_concurrent_memtable_write = false;  // there is one writer
  options.max_total_wal_size = 4 * how.write_buffer_bytes;
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.keep_log_file_num = 2;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(const RocksOptions& how) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = how.write_buffer_bytes;
  options.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

/// Watches the log files as they are read at the opening. RocksDB skips a stretch of zeros in the middle of
/// one without a word, and does not notice when one ends early and the next one goes on; but every record
/// says at which sequence number it begins.
class NoGaps : public rocksdb::WalFilter {
 public:
  [[nodiscard]] const char* Name() const override { return "a gap in the log files"; }
  WalProcessingOption LogRecordFound(unsigned long long /*log*/, const std::string& /*name*/,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch* /*changed*/,
                                     bool* /*is_changed*/) override {
    const std::uint64_t begin = Decoder(batch.Data()).u64();
    if (next_ && *next_ != begin) return WalProcessingOption::kCorruptedRecord;
    next_ = begin + static_cast<std::uint64_t>(batch.Count());
    return WalProcessingOption::kContinueProcessing;
  }

 private:
  std::optional<std::uint64_t> next_;  // the sequence number that the next record begins at
};

Error open_error(const std::string& directory, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (text.find("lock ") != std::string::npos || text.find("LOCK: ") != std::string::npos)
    return {ErrorCode::kUnavailable,
            fmt::format("data directory {} is in use by another process ({})", directory, text)};
  if (text.find("Permission denied") != std::string::npos ||
      text.find("Read-only file system") != std::string::npos)
    return {ErrorCode::kPermissionDenied,
            fmt::format("data directory {} is not writable for this user ({})", directory, text)};
  if (status.IsNoSpace())
    return {ErrorCode::kResourceExhausted,
            fmt::format("no space for data directory {}; free some and start again", directory)};
  return {ErrorCode::kCorruption,
          fmt::format("data directory {} is damaged: {}. Remove it only if the other nodes have the data",
                      directory, text)};
}

/// Without it a power loss may take the name of what was made in `directory`, and everything below the name.
Status sync_directory(rocksdb::Env& env, const std::string& directory) {
  std::unique_ptr<rocksdb::Directory> handle;
  rocksdb::Status status = env.NewDirectory(directory, &handle);
  // Ignored: who made a directory that this user may not read has to see to it.
  if (status.ToString().find("Permission denied") != std::string::npos) return {};
  if (status.ok()) status = handle->Fsync();
  return status.ok() ? Status() : rocks_error(status, "syncing directory " + directory);
}

/// Makes the directory and those above it, durably: RocksDB syncs the directory, but not the name of the
/// directory. An earlier start may have been killed before its sync, so a directory that is there is synced
/// too.
Status make_directory(rocksdb::Env& env, const std::string& directory) {
  const std::filesystem::path path(directory);
  const std::string above = path.has_parent_path() ? path.parent_path().string() : ".";
  if (!env.FileExists(directory).ok()) {
    if (above != directory && !env.FileExists(above).ok()) {
      if (Status made = make_directory(env, above); !made.ok()) return made;
    }
    const rocksdb::Status made = env.CreateDirIfMissing(directory);
    const std::string text = made.ToString();
    if (!made.ok())
      return Error{text.find("Permission denied") != std::string::npos ? ErrorCode::kPermissionDenied
                                                                       : ErrorCode::kInternal,
                   fmt::format("cannot make data directory {}: {}", directory, text)};
  }
  return sync_directory(env, above);
}

class RocksRange : public RocksDatabase::Range {
 public:
  RocksRange(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, std::size_t prefix_size, Bytes first,
             Bytes last)
      : prefix_size_(prefix_size), last_(std::move(last)), bound_(last_) {
    rocksdb::ReadOptions options;
    if (!last_.empty()) options.iterate_upper_bound = &bound_;
    it_.reset(db.NewIterator(options, family));
    it_->Seek(first);
  }

  [[nodiscard]] bool valid() const override { return it_->Valid(); }
  [[nodiscard]] std::string_view key() const override { return view(it_->key()).substr(prefix_size_); }
  [[nodiscard]] std::string_view value() const override { return view(it_->value()); }
  void next() override { it_->Next(); }
  [[nodiscard]] Status status() const override {
    return it_->status().ok() ? Status() : Status(rocks_error(it_->status(), "reading a range"));
  }

 private:
  std::size_t prefix_size_;
  Bytes last_;
  rocksdb::Slice bound_;
  std::unique_ptr<rocksdb::Iterator> it_;
};

class PinnedState : public StateCursor {
 public:
  PinnedState(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, Bytes prefix, Bytes end)
      : db_(db), prefix_(std::move(prefix)), end_(std::move(end)), bound_(end_), pin_(db.GetSnapshot()) {
    rocksdb::ReadOptions options;
    options.snapshot = pin_;
    options.fill_cache = false;
    options.iterate_upper_bound = &bound_;
    it_.reset(db.NewIterator(options, family));
  }
  ~PinnedState() override {
    it_.reset();
    db_.ReleaseSnapshot(pin_);
  }

  void seek(std::string_view key) override { it_->Seek(prefix_ + Bytes(key)); }
  [[nodiscard]] bool valid() const override { return it_->Valid(); }
  [[nodiscard]] std::string_view key() const override { return view(it_->key()).substr(prefix_.size()); }
  [[nodiscard]] std::string_view value() const override { return view(it_->value()); }
  void next() override { it_->Next(); }
  [[nodiscard]] Status status() const override {
    return it_->status().ok() ? Status() : Status(rocks_error(it_->status(), "reading a snapshot"));
  }

 private:
  rocksdb::DB& db_;
  Bytes prefix_;
  Bytes end_;
  rocksdb::Slice bound_;
  const rocksdb::Snapshot* pin_;
  std::unique_ptr<rocksdb::Iterator> it_;
};

}  // namespace

Error rocks_error(const rocksdb::Status& status, std::string_view doing) {
  ErrorCode code = ErrorCode::kInternal;
  if (status.IsCorruption()) code = ErrorCode::kCorruption;
  if (status.IsNoSpace()) code = ErrorCode::kResourceExhausted;
  return {code, fmt::format("RocksDB failed {}: {}", doing, status.ToString())};
}

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open(const RocksOptions& how) {
  std::unique_ptr<RocksDatabase> database(new RocksDatabase());
  const auto file_system =
      with_plants(how.file_system ? how.file_system : rocksdb::FileSystem::Default(), how.plants);
  database->env_ = rocksdb::NewCompositeEnv(file_system);
  if (Status made = make_directory(*database->env_, how.directory); !made.ok()) return made.error();
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : {"default", "log", "state"}) families.emplace_back(name, family_options(how));
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions options = database_options(how);
  options.env = database->env_.get();
  options.listeners.push_back(database->watcher_);
  const bool checked = !how.plants.has(StorageBug::kS2);
  if (checked) database->no_gaps_ = std::make_unique<NoGaps>();
  options.wal_filter = database->no_gaps_.get();
  const rocksdb::Status status =
      rocksdb::DB::Open(options, how.directory, families, &database->families_, &db);
  if (!status.ok()) return open_error(how.directory, status);
  database->db_.reset(db);
  auto mark = DurableMark::open(*database->env_, how.directory);
  if (!mark.ok()) return mark.error();
  database->mark_ = std::move(*mark);
  if (Status whole = database->check_mark(how.directory); checked && !whole.ok()) return whole.error();
  database->watcher_->db = db;
  if (Status read = database->read_notes(how.identity); !read.ok()) return read.error();
  return database;
}

Status RocksDatabase::check_mark(const std::string& directory) const {
  const std::uint64_t last = db_->GetLatestSequenceNumber();
  if (last >= mark_->found()) return {};
  return Error{ErrorCode::kCorruption,
               fmt::format("data directory {} is damaged: it was durable up to change {} and ends at {}. "
                           "Remove it only if the other nodes have the data",
                           directory, mark_->found(), last)};
}

Status RocksDatabase::note_durable() {
  return mark_->note(db_->GetLatestSequenceNumber());
}

RocksDatabase::~RocksDatabase() {
  if (!db_) return;
  watcher_->db = nullptr;
  // Ignored: an older mark watches over less.
  if (mark_) static_cast<void>(mark_->sync());
  for (rocksdb::ColumnFamilyHandle* handle : families_) db_->DestroyColumnFamilyHandle(handle);
  // Ignored: everything that was promised is in the log file already.
  static_cast<void>(db_->Close());
}

Status RocksDatabase::read_notes(const std::string& identity) {
  std::string owner;
  const rocksdb::Status found = db_->Get({}, slice(kIdentityKey), &owner);
  if (!found.ok() && !found.IsNotFound()) return rocks_error(found, "reading the identity");
  if (found.ok() && owner != identity)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("data directory {} belongs to {}, this node is {}; give another --data",
                             db_->GetName(), owner, identity)};
  const auto format = read_number(kFormatKey);
  if (!format.ok()) return format.error();
  if (format->value_or(kFormat) != kFormat)
    return Error{ErrorCode::kInvalidArgument, fmt::format("the data directory has format {}, this program "
                                                          "knows {}",
                                                          **format, kFormat)};
  const auto generation = read_number(kGenerationKey);
  const auto applied = read_number(kAppliedKey);
  const auto incarnation = read_number(kIncarnationKey);
  if (!generation.ok()) return generation.error();
  if (!applied.ok()) return applied.error();
  if (!incarnation.ok()) return incarnation.error();
  notes_.generation = Generation(static_cast<std::uint32_t>(generation->value_or(1)));
  notes_.applied = LogIndex(applied->value_or(0));
  notes_.incarnation = incarnation->value_or(0) + 1;

  rocksdb::WriteBatch batch;
  batch.Put(slice(kFormatKey), number(kFormat));
  batch.Put(slice(kIdentityKey), identity);
  batch.Put(slice(kIncarnationKey), number(notes_.incarnation));
  note_generation(notes_.generation, batch);
  // What a snapshot that was not finished, or the state before the last one, left behind.
  batch.DeleteRange(families_[2], generation_prefix(Generation(0)), generation_prefix(notes_.generation));
  batch.DeleteRange(families_[2], end_of(Space::kState, notes_.generation), Bytes(5, '\xff'));
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const rocksdb::Status written = db_->Write(synced, &batch);
  return written.ok() ? note_durable() : Status(rocks_error(written, "writing its notes"));
}

Result<std::optional<std::uint64_t>> RocksDatabase::read_number(std::string_view key) const {
  std::string value;
  const rocksdb::Status status = db_->Get({}, slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::uint64_t>();
  if (!status.ok()) return rocks_error(status, "reading its notes");
  Decoder decoder(value);
  const std::uint64_t n = decoder.u64();
  if (!decoder.finished()) return Error{ErrorCode::kCorruption, fmt::format("note {} does not decode", key)};
  return std::optional<std::uint64_t>(n);
}

rocksdb::ColumnFamilyHandle* RocksDatabase::family(Space space) const {
  return space == Space::kLog ? families_[1] : families_[2];
}

Bytes RocksDatabase::full_key(Space space, Generation generation, std::string_view key) {
  if (space == Space::kLog) return Bytes(key);
  Bytes full = generation_prefix(generation);
  full.append(key);
  return full;
}

Bytes RocksDatabase::end_of(Space space, Generation generation) {
  return space == Space::kLog ? Bytes() : generation_prefix(generation + 1);
}

void RocksDatabase::add(const Batch& batch, Generation generation, rocksdb::WriteBatch& out) const {
  for (const Batch::Change& change : batch.changes) {
    rocksdb::ColumnFamilyHandle* target = family(change.space);
    const Bytes key = full_key(change.space, generation, change.key);
    switch (change.kind) {
      case Batch::Kind::kPut:
        out.Put(target, key, change.value);
        break;
      case Batch::Kind::kDelete:
        out.Delete(target, key);
        break;
      case Batch::Kind::kDeleteRange:
        // RocksDB counts an empty range when it writes it and not when it recovers it, so the sequence
        // numbers would go back; a range that ends before it begins it refuses.
        if (const Bytes end = full_key(change.space, generation, change.value); key < end)
          out.DeleteRange(target, key, end);
        break;
    }
  }
}

void RocksDatabase::put_state(Generation generation, std::string_view key, std::string_view value,
                              rocksdb::WriteBatch& out) const {
  out.Put(families_[2], full_key(Space::kState, generation, key), slice(value));
}

void RocksDatabase::note_applied(LogIndex index, rocksdb::WriteBatch& out) const {
  out.Put(slice(kAppliedKey), number(index.value()));
}

void RocksDatabase::note_generation(Generation generation, rocksdb::WriteBatch& out) const {
  out.Put(slice(kGenerationKey), number(generation.value()));
}

void RocksDatabase::drop_generation(Generation generation, rocksdb::WriteBatch& out) const {
  out.DeleteRange(families_[2], generation_prefix(generation), end_of(Space::kState, generation));
}

Result<std::optional<Bytes>> RocksDatabase::get(Space space, Generation generation,
                                                std::string_view key) const {
  Bytes value;
  const rocksdb::Status status = db_->Get({}, family(space), full_key(space, generation, key), &value);
  if (status.ok()) return std::optional<Bytes>(std::move(value));
  if (status.IsNotFound()) return std::optional<Bytes>();
  return rocks_error(status, "reading a key");
}

std::unique_ptr<RocksDatabase::Range> RocksDatabase::range(Space space, Generation generation,
                                                           std::string_view first,
                                                           std::string_view last) const {
  const std::size_t prefix_size = space == Space::kLog ? 0 : 4;
  return std::make_unique<RocksRange>(
      *db_, family(space), prefix_size, full_key(space, generation, first),
      last.empty() ? end_of(space, generation) : full_key(space, generation, last));
}

std::unique_ptr<StateCursor> RocksDatabase::pin(Generation generation) const {
  return std::make_unique<PinnedState>(*db_, families_[2], generation_prefix(generation),
                                       end_of(Space::kState, generation));
}

}  // namespace ordeal::host
