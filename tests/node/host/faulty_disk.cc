#include "tests/node/host/faulty_disk.h"

#include "common/check.h"

#include <algorithm>

namespace ordeal::test {
namespace {

constexpr std::uint64_t kSector = 512;

}  // namespace

struct FaultyDisk::File {
  FileKind kind = FileKind::kOther;
  Bytes cache;  ///< what a read gives
  Bytes disk;   ///< what is there after a power loss, but for the dirty sectors
  std::set<std::uint64_t> dirty;
  bool size_dirty = false;
};

FileKind kind_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".log")) return FileKind::kLog;
  if (name.ends_with(".sst")) return FileKind::kTable;
  if (name.starts_with("MANIFEST-")) return FileKind::kManifest;
  return FileKind::kOther;
}

FaultyDisk::FaultyDisk(Rng rng) : rng_(rng) {}
FaultyDisk::~FaultyDisk() = default;

FaultyDisk::Directory* FaultyDisk::directory_at(std::string_view path) {
  Directory* at = &root_;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string name(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (name.empty()) continue;
    const auto it = at->names.find(name);
    if (it == at->names.end() || !it->second.directory) return nullptr;
    at = it->second.directory.get();
  }
  return at;
}

FaultyDisk::Directory* FaultyDisk::parent_of(std::string_view path, std::string& name) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return nullptr;
  name = path.substr(slash + 1);
  return directory_at(path.substr(0, slash));
}

FaultyDisk::Node* FaultyDisk::node_at(std::string_view path) {
  std::string name;
  Directory* parent = parent_of(path, name);
  if (parent == nullptr) return nullptr;
  const auto it = parent->names.find(name);
  return it == parent->names.end() ? nullptr : &it->second;
}

void FaultyDisk::change(Directory& directory, Change change) {
  for (const auto& [name, node] : change) {
    if (node) {
      directory.names.insert_or_assign(name, *node);
    } else {
      directory.names.erase(name);
    }
  }
  directory.pending.push_back(std::move(change));
}

bool FaultyDisk::alive(FileKind kind) {
  if (dead_) return false;
  ++changes_;
  if (strikes(DiskFault::Kind::kDie, kind)) dead_ = true;
  return !dead_;
}

bool FaultyDisk::strikes(DiskFault::Kind kind, FileKind file) {
  bool hit = false;
  for (auto it = faults_.begin(); it != faults_.end();) {
    const bool concerned = it->kind == kind && (it->file == FileKind::kAny || it->file == file);
    if (!concerned) {
      ++it;
    } else if (it->at == 0) {
      hit = true;
      it = faults_.erase(it);
    } else {
      --it->at;
      ++it;
    }
  }
  if (hit) ++struck_[kind];
  return hit;
}

DiskError FaultyDisk::create(const std::string& path, Handle& file) {
  const std::lock_guard lock(mutex_);
  if (!alive(kind_of(path))) return DiskError::kIo;
  std::string name;
  Directory* parent = parent_of(path, name);
  if (parent == nullptr) return DiskError::kNotFound;
  file = std::make_shared<File>();
  file->kind = kind_of(path);
  change(*parent, {{name, Node{file, nullptr}}});
  return DiskError::kNone;
}

DiskError FaultyDisk::open(const std::string& path, Handle& file) {
  const std::lock_guard lock(mutex_);
  if (dead_) return DiskError::kIo;
  const Node* node = node_at(path);
  if (node == nullptr || !node->file) return DiskError::kNotFound;
  file = node->file;
  return DiskError::kNone;
}

DiskError FaultyDisk::read(const Handle& file, std::uint64_t offset, std::size_t size, char* to,
                           std::size_t& got) {
  const std::lock_guard lock(mutex_);
  if (dead_ || strikes(DiskFault::Kind::kReadFails, file->kind)) return DiskError::kIo;
  got = offset >= file->cache.size() ? 0 : std::min<std::size_t>(size, file->cache.size() - offset);
  std::copy_n(file->cache.data() + std::min<std::size_t>(offset, file->cache.size()), got, to);
  return DiskError::kNone;
}

DiskError FaultyDisk::put(File& file, std::uint64_t offset, std::string_view bytes) {
  const bool was_dead = dead_;
  // A call that the machine dies in may have come half way.
  if (!alive(file.kind))
    bytes = was_dead ? std::string_view() : bytes.substr(0, rng_.below(bytes.size() + 1));
  const std::uint64_t end = offset + bytes.size();
  const bool spared = spared_ != FileKind::kAny && spared_ == file.kind;
  if (end > file.cache.size() && !spared && limit_ != UINT64_MAX &&
      used(root_) + (end - file.cache.size()) > limit_)
    return DiskError::kNoSpace;
  if (end > file.cache.size()) {
    file.cache.resize(end);
    file.size_dirty = true;
  }
  std::copy(bytes.begin(), bytes.end(), file.cache.begin() + static_cast<std::ptrdiff_t>(offset));
  for (std::uint64_t sector = offset / kSector; sector * kSector < end; ++sector) file.dirty.insert(sector);
  return dead_ ? DiskError::kIo : DiskError::kNone;
}

DiskError FaultyDisk::write(const Handle& file, std::uint64_t offset, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  return put(*file, offset, bytes);
}

DiskError FaultyDisk::append(const Handle& file, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  return put(*file, file->cache.size(), bytes);
}

DiskError FaultyDisk::truncate(const Handle& file, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  if (!alive(file->kind)) return DiskError::kIo;
  file->cache.resize(size);
  file->dirty.erase(file->dirty.lower_bound((size + kSector - 1) / kSector), file->dirty.end());
  file->size_dirty = true;
  return DiskError::kNone;
}

void FaultyDisk::write_back(File& file, std::optional<std::uint64_t> lost,
                            std::optional<std::uint64_t> onto) {
  file.disk.resize(file.cache.size());
  const auto copy = [&](std::uint64_t from, std::uint64_t to) {
    const std::uint64_t begin = from * kSector;
    if (begin >= file.cache.size() || to * kSector >= file.disk.size()) return;
    const std::uint64_t length =
        std::min({kSector, file.cache.size() - begin, file.disk.size() - to * kSector});
    file.disk.replace(to * kSector, length, file.cache, begin, length);
  };
  for (const std::uint64_t sector : file.dirty) {
    if (lost != sector) copy(sector, sector);
  }
  if (lost && onto) copy(*lost, *onto);
  file.dirty.clear();
  file.size_dirty = false;
}

DiskError FaultyDisk::sync(const Handle& file) {
  const std::lock_guard lock(mutex_);
  if (!alive(file->kind)) return DiskError::kIo;
  if (strikes(DiskFault::Kind::kSyncLies, file->kind)) lying_.insert(file->kind);
  if (lying_.contains(file->kind)) return DiskError::kNone;
  if (strikes(DiskFault::Kind::kSyncFails, file->kind)) {
    // As Linux does it: the failed pages stay in the cache and count as clean.
    file->dirty.clear();
    return DiskError::kIo;
  }
  std::optional<std::uint64_t> lost;
  std::optional<std::uint64_t> onto;
  if (!file->dirty.empty()) {
    const bool misplaced = strikes(DiskFault::Kind::kWriteMisplaced, file->kind);
    if (misplaced || strikes(DiskFault::Kind::kWriteLost, file->kind)) {
      lost = *std::next(file->dirty.begin(), static_cast<std::ptrdiff_t>(rng_.below(file->dirty.size())));
      if (misplaced) onto = rng_.below(file->cache.size() / kSector + 1);
    }
  }
  write_back(*file, lost, onto);
  return DiskError::kNone;
}

DiskError FaultyDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!alive(FileKind::kOther)) return DiskError::kIo;
  Directory* directory = directory_at(path);
  if (directory == nullptr) return DiskError::kNotFound;
  directory->durable = directory->names;
  directory->pending.clear();
  return DiskError::kNone;
}

DiskError FaultyDisk::make_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!alive(FileKind::kOther)) return DiskError::kIo;
  std::string name;
  Directory* parent = parent_of(path, name);
  if (parent == nullptr) return DiskError::kNotFound;
  if (!parent->names.contains(name)) change(*parent, {{name, Node{nullptr, std::make_shared<Directory>()}}});
  return DiskError::kNone;
}

DiskError FaultyDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (!alive(kind_of(to))) return DiskError::kIo;
  std::string old_name;
  std::string new_name;
  Directory* directory = parent_of(from, old_name);
  ORDEAL_CHECK(directory == parent_of(to, new_name));
  const Node* node = node_at(from);
  if (node == nullptr) return DiskError::kNotFound;
  if (node->file) node->file->kind = kind_of(to);
  change(*directory, {{new_name, *node}, {old_name, std::nullopt}});
  return DiskError::kNone;
}

DiskError FaultyDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!alive(kind_of(path))) return DiskError::kIo;
  std::string name;
  Directory* parent = parent_of(path, name);
  if (parent == nullptr || !parent->names.contains(name)) return DiskError::kNotFound;
  change(*parent, {{name, std::nullopt}});
  return DiskError::kNone;
}

DiskError FaultyDisk::list(const std::string& path, std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  if (dead_) return DiskError::kIo;
  const Directory* directory = directory_at(path);
  if (directory == nullptr) return DiskError::kNotFound;
  names.clear();
  for (const auto& [name, node] : directory->names) names.push_back(name);
  return DiskError::kNone;
}

bool FaultyDisk::is_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return directory_at(path) != nullptr;
}

std::uint64_t FaultyDisk::size(const Handle& file) {
  const std::lock_guard lock(mutex_);
  return file->cache.size();
}

bool FaultyDisk::lock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return locks_.insert(path).second;
}

void FaultyDisk::unlock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  locks_.erase(path);
}

void FaultyDisk::plan(const DiskFault& fault) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(fault);
}

void FaultyDisk::forget_deaths() {
  const std::lock_guard lock(mutex_);
  std::erase_if(faults_, [](const DiskFault& fault) { return fault.kind == DiskFault::Kind::kDie; });
}

void FaultyDisk::limit(std::uint64_t bytes, FileKind spared) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
  spared_ = spared;
}

std::uint64_t FaultyDisk::free_bytes() {
  const std::lock_guard lock(mutex_);
  const std::uint64_t taken = used(root_);
  return taken > limit_ ? 0 : limit_ - taken;
}

std::uint64_t FaultyDisk::used_bytes() {
  const std::lock_guard lock(mutex_);
  return used(root_);
}

bool FaultyDisk::dead() {
  const std::lock_guard lock(mutex_);
  return dead_;
}

std::uint64_t FaultyDisk::struck(DiskFault::Kind kind) {
  const std::lock_guard lock(mutex_);
  return struck_[kind];
}

std::uint64_t FaultyDisk::changes() {
  const std::lock_guard lock(mutex_);
  return changes_;
}

std::uint64_t FaultyDisk::used(const Directory& directory) const {
  std::uint64_t bytes = 0;
  for (const auto& [name, node] : directory.names)
    bytes += node.file ? node.file->cache.size() : used(*node.directory);
  return bytes;
}

void FaultyDisk::kill() {
  const std::lock_guard lock(mutex_);
  ++starts_;
  dead_ = false;
  changes_ = 0;
  locks_.clear();
}

PowerLoss FaultyDisk::lose_power() {
  const std::lock_guard lock(mutex_);
  ++starts_;
  dead_ = false;
  changes_ = 0;
  locks_.clear();
  PowerLoss loss;
  lose_power(root_, "", loss);
  return loss;
}

void FaultyDisk::lose_power(Directory& directory, const std::string& path, PowerLoss& loss) {
  // Streams of their own: what RocksDB's background threads did to one file does not shift the others.
  Rng rng = rng_.split("directory" + path, starts_);
  const std::size_t kept = rng.below(directory.pending.size() + 1);
  loss.names_undone += directory.pending.size() - kept;
  directory.names = directory.durable;
  std::vector<Change> pending;
  pending.swap(directory.pending);
  for (std::size_t i = 0; i < kept; ++i) change(directory, std::move(pending[i]));
  directory.durable = directory.names;
  directory.pending.clear();
  for (auto& [name, node] : directory.names) {
    const std::string below = path + "/" + name;
    if (node.directory) lose_power(*node.directory, below, loss);
    if (node.file) lose_power(*node.file, rng_.split(below, starts_), loss);
  }
}

void FaultyDisk::lose_power(File& file, Rng rng, PowerLoss& loss) {
  enum class Manner : std::uint8_t { kNothing, kEverything, kPrefix, kPrefixToo, kAnything, kCount };
  const auto manner = static_cast<Manner>(rng.below(static_cast<std::uint64_t>(Manner::kCount)));
  const std::uint64_t low = std::min(file.disk.size(), file.cache.size());
  const std::uint64_t high = std::max(file.disk.size(), file.cache.size());
  std::uint64_t size = low + rng.below(high - low + 1);
  if (manner == Manner::kNothing) size = file.disk.size();
  if (manner == Manner::kEverything || (manner == Manner::kAnything && rng.chance(1, 2)))
    size = file.cache.size();
  if (!file.size_dirty) size = file.cache.size();
  Bytes now = file.disk;
  now.resize(size);
  bool gap = false;
  for (const std::uint64_t sector : file.dirty) {
    const std::uint64_t begin = sector * kSector;
    const std::uint64_t end = std::min<std::uint64_t>({begin + kSector, file.cache.size(), size});
    if (begin >= end) break;
    std::uint64_t fresh_end = end;  // bytes up to here are new, the rest is as it was
    bool garbage = false;
    if (manner == Manner::kNothing) fresh_end = begin;
    if (manner == Manner::kAnything) {
      const std::uint64_t fate = rng.below(4);
      if (fate == 1) fresh_end = begin;
      if (fate == 2) fresh_end = begin + rng.below(end - begin);
      garbage = fate == 3;
      loss.sectors_old += fate == 1 ? 1 : 0;
      loss.sectors_torn += fate == 2 ? 1 : 0;
      loss.sectors_garbage += garbage ? 1 : 0;
    }
    for (std::uint64_t i = begin; i < end; ++i) {
      const bool changes = i >= file.disk.size() || file.cache[i] != file.disk[i];
      if (garbage && changes) now[i] = static_cast<char>(rng.below(256));
      if (!garbage && i < fresh_end) now[i] = file.cache[i];
      gap |= now[i] != file.cache[i];
    }
  }
  loss.gaps |= gap;
  file.cache = now;
  file.disk = std::move(now);
  file.dirty.clear();
  file.size_dirty = false;
}

void FaultyDisk::drop_caches() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, Handle>> files;
  files_below("", root_, FileKind::kAny, files);
  for (auto& [path, file] : files) {
    // Dirty pages are not dropped.
    Bytes fresh = file->disk;
    fresh.resize(file->cache.size());
    for (const std::uint64_t sector : file->dirty) {
      const std::uint64_t begin = sector * kSector;
      if (begin < fresh.size()) fresh.replace(begin, kSector, file->cache, begin, kSector);
    }
    fresh.resize(file->cache.size());
    file->cache = std::move(fresh);
  }
}

void FaultyDisk::files_below(const std::string& path, const Directory& directory, FileKind kind,
                             std::vector<std::pair<std::string, Handle>>& files) const {
  for (const auto& [name, node] : directory.names) {
    const std::string below = path + "/" + name;
    if (node.directory) files_below(below, *node.directory, kind, files);
    if (node.file && (kind == FileKind::kAny || node.file->kind == kind))
      files.emplace_back(below, node.file);
  }
}

bool FaultyDisk::rot(FileKind kind, std::string& path, std::uint64_t& offset) {
  std::unique_lock lock(mutex_);
  std::vector<std::pair<std::string, Handle>> files;
  files_below("", root_, kind, files);
  std::erase_if(files, [](const auto& file) { return file.second->cache.empty(); });
  if (files.empty()) return false;
  const auto& [name, file] = rng_.pick(files);
  path = name;
  offset = rng_.below(file->cache.size());
  const auto bit = static_cast<unsigned>(rng_.below(8));
  lock.unlock();
  flip_bit(path, offset, bit);
  return true;
}

void FaultyDisk::flip_bit(const std::string& path, std::uint64_t offset, unsigned bit) {
  const std::lock_guard lock(mutex_);
  const Node* node = node_at(path);
  ORDEAL_CHECK(node != nullptr && node->file != nullptr);
  for (Bytes* bytes : {&node->file->cache, &node->file->disk}) {
    if (offset < bytes->size()) (*bytes)[offset] = static_cast<char>((*bytes)[offset] ^ (1 << bit));
  }
}

std::optional<Bytes> FaultyDisk::content(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Node* node = node_at(path);
  if (node == nullptr || !node->file) return std::nullopt;
  return node->file->cache;
}

}  // namespace ordeal::test
