#include "node/host/rocks_database.h"

#include "common/codec.h"

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

rocksdb::DBOptions database_options() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // The default would drop everything behind a damaged record in the middle of the log file without a word,
  // acknowledged writes among it. A torn record at the very end is what a crash leaves.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  options.allow_concurrent_memtable_write = false;  // there is one writer
  options.max_total_wal_size = 256UL * 1024 * 1024;
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.keep_log_file_num = 2;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions family_options() {
  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

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

Status make_directory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return {};
  return Error{error == std::errc::permission_denied ? ErrorCode::kPermissionDenied : ErrorCode::kInternal,
               fmt::format("cannot make data directory {}: {}", directory, error.message())};
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

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open(const std::string& directory,
                                                           const std::string& identity) {
  if (Status made = make_directory(directory); !made.ok()) return made.error();
  std::unique_ptr<RocksDatabase> database(new RocksDatabase());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : {"default", "log", "state"}) families.emplace_back(name, family_options());
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions options = database_options();
  options.listeners.push_back(database->watcher_);
  const rocksdb::Status status = rocksdb::DB::Open(options, directory, families, &database->families_, &db);
  if (!status.ok()) return open_error(directory, status);
  database->db_.reset(db);
  if (Status read = database->read_notes(identity); !read.ok()) return read.error();
  return database;
}

RocksDatabase::~RocksDatabase() {
  if (!db_) return;
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
  return written.ok() ? Status() : Status(rocks_error(written, "writing its notes"));
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
        out.DeleteRange(target, key, full_key(change.space, generation, change.value));
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
