#pragma once
// How a node's RocksDB is opened. Without RocksDB's headers, so that whoever fills it in needs none.

#include "node/host/duties/storage_plants.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rocksdb {
class FileSystem;
}  // namespace rocksdb

namespace ordeal::host {

struct RocksOptions {
  std::string directory;
  /// Cluster and node: data of another is refused.
  std::string identity;
  /// First byte of keys that do not get into snapshots (plant R18).
  std::optional<char> left_out;
  std::uint64_t reserve_bytes = 64UL * 1024 * 1024;
  /// Bytes free where the directory is; by default what statvfs says.
  std::function<std::uint64_t(const std::string& directory)> free_bytes;
  /// Where the database lies; none: this machine's disk.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  /// Of each column family in memory, before it becomes a table; the log files together hold four times as
  /// much. RocksDB takes no less than 64 KiB.
  std::uint64_t write_buffer_bytes = 64UL * 1024 * 1024;
  StoragePlants plants;
};

}  // namespace ordeal::host
