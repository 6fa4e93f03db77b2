#pragma once
// A disk and the page cache above it, in memory, for one machine that can lose its process (what was written
// stays in the cache) or its power (what was not synced is in doubt). It can also lie, refuse, lose, misplace
// and rot. Everything that chance decides comes from the generator that is handed in; everything that a test
// decides is a DiskFault at a counted call. faulty_file_system.h gives it to RocksDB.
//
// What is promised, and no more: bytes of a file whose sync was answered with ok, and names in a directory
// that was synced. After a power loss a directory has a prefix of its unsynced changes (a journal keeps
// them in order), and each sector of 512 bytes of a file's unsynced part is new, old, torn or garbage. Bytes
// of a sector that were durable before and did not change stay: without that, no log could append.

#include "common/ids.h"
#include "common/prng.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ordeal::test {

enum class DiskError : std::uint8_t { kNone, kNotFound, kIo, kNoSpace };

/// What a file is for, by RocksDB's names. Faults choose by it.
enum class FileKind : std::uint8_t { kAny, kLog, kTable, kManifest, kOther };
[[nodiscard]] FileKind kind_of(std::string_view path);

struct DiskFault {
  enum class Kind : std::uint8_t {
    kDie,             ///< the machine stops: this changing call and all later ones fail
    kSyncFails,       ///< a sync gives EIO; its pages read back and are clean, but never reach the disk
    kSyncLies,        ///< a sync says ok and does nothing; so do all later ones of that kind of file
    kWriteLost,       ///< one sector of a sync never reaches the disk, and the sync says ok
    kWriteMisplaced,  ///< one sector of a sync lands on another of the same file, and the sync says ok
    kReadFails,       ///< a read gives EIO
  };
  Kind kind = Kind::kDie;
  FileKind file = FileKind::kAny;
  std::uint64_t at = 0;  ///< of the calls that it can hit the at-th from now on, counted from 0
};

/// What a power loss did.
struct PowerLoss {
  /// Some file kept more than a prefix of its unsynced bytes: what lies behind a gap is not what was written.
  bool gaps = false;
  std::uint64_t sectors_garbage = 0;
  std::uint64_t sectors_torn = 0;
  std::uint64_t sectors_old = 0;
  std::uint64_t names_undone = 0;
};

class FaultyDisk {
 public:
  struct File;
  using Handle = std::shared_ptr<File>;

  explicit FaultyDisk(Rng rng);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // What a file system does. Paths are absolute; all from any thread.

  /// A new empty file, in place of one of that name.
  [[nodiscard]] DiskError create(const std::string& path, Handle& file);
  [[nodiscard]] DiskError open(const std::string& path, Handle& file);
  [[nodiscard]] DiskError read(const Handle& file, std::uint64_t offset, std::size_t size, char* to,
                               std::size_t& got);
  [[nodiscard]] DiskError write(const Handle& file, std::uint64_t offset, std::string_view bytes);
  [[nodiscard]] DiskError append(const Handle& file, std::string_view bytes);
  [[nodiscard]] DiskError truncate(const Handle& file, std::uint64_t size);
  [[nodiscard]] DiskError sync(const Handle& file);
  [[nodiscard]] DiskError sync_directory(const std::string& path);
  [[nodiscard]] DiskError make_directory(const std::string& path);
  /// Within one directory.
  [[nodiscard]] DiskError rename(const std::string& from, const std::string& to);
  /// A file or an empty directory.
  [[nodiscard]] DiskError remove(const std::string& path);
  [[nodiscard]] DiskError list(const std::string& path, std::vector<std::string>& names);
  [[nodiscard]] bool is_directory(const std::string& path);
  [[nodiscard]] std::uint64_t size(const Handle& file);
  /// False when it is held already.
  [[nodiscard]] bool lock(const std::string& path);
  void unlock(const std::string& path);

  // What a test does.

  void plan(const DiskFault& fault);
  /// kDie that has not struck is called off.
  void forget_deaths();
  /// Files may hold this many bytes in all; `spared` may be written even so.
  void limit(std::uint64_t bytes, FileKind spared = FileKind::kAny);
  [[nodiscard]] std::uint64_t free_bytes();
  [[nodiscard]] std::uint64_t used_bytes();
  /// True once kDie has struck.
  [[nodiscard]] bool dead();
  /// How many faults of a kind have struck.
  [[nodiscard]] std::uint64_t struck(DiskFault::Kind kind);
  /// Calls that change something, since the last start.
  [[nodiscard]] std::uint64_t changes();

  /// The process is gone and the machine goes on. Nothing may have a file open.
  void kill();
  /// The machine starts again from what the disk has. Nothing may have a file open.
  PowerLoss lose_power();
  /// What the page cache held is read from the disk again; nothing is lost that was synced honestly.
  void drop_caches();
  /// Flips one bit on the disk and in the cache, in a file of this kind that is not empty, or none of the
  /// kind is there: false. `path` and `offset` say where.
  bool rot(FileKind kind, std::string& path, std::uint64_t& offset);
  void flip_bit(const std::string& path, std::uint64_t offset, unsigned bit);
  /// A file's bytes as they are read now; none when there is no such file.
  [[nodiscard]] std::optional<Bytes> content(const std::string& path);

 private:
  struct Directory;
  struct Node {
    Handle file;
    std::shared_ptr<Directory> directory;
  };
  using Names = std::map<std::string, Node>;
  /// One change of a directory that is not durable yet: all of it or nothing.
  using Change = std::vector<std::pair<std::string, std::optional<Node>>>;
  struct Directory {
    Names names;
    Names durable;
    std::vector<Change> pending;
  };

  [[nodiscard]] Directory* directory_at(std::string_view path);
  [[nodiscard]] Directory* parent_of(std::string_view path, std::string& name);
  [[nodiscard]] Node* node_at(std::string_view path);
  static void change(Directory& directory, Change change);
  /// Counts a changing call; false when the machine is dead or dies of it.
  [[nodiscard]] bool alive(FileKind kind);
  /// Whether a planned fault strikes this call.
  [[nodiscard]] bool strikes(DiskFault::Kind kind, FileKind file);
  [[nodiscard]] DiskError put(File& file, std::uint64_t offset, std::string_view bytes);
  void write_back(File& file, std::optional<std::uint64_t> lost, std::optional<std::uint64_t> onto);
  void lose_power(Directory& directory, const std::string& path, PowerLoss& loss);
  void lose_power(File& file, Rng rng, PowerLoss& loss);
  [[nodiscard]] std::uint64_t used(const Directory& directory) const;
  void files_below(const std::string& path, const Directory& directory, FileKind kind,
                   std::vector<std::pair<std::string, Handle>>& files) const;

  std::mutex mutex_;  // guards everything below
  Rng rng_;
  Directory root_;
  std::set<std::string> locks_;
  std::vector<DiskFault> faults_;
  std::set<FileKind> lying_;
  std::map<DiskFault::Kind, std::uint64_t> struck_;
  bool dead_ = false;
  std::uint64_t changes_ = 0;
  std::uint64_t starts_ = 0;  // only grows
  std::uint64_t limit_ = UINT64_MAX;
  FileKind spared_ = FileKind::kAny;
};

}  // namespace ordeal::test
