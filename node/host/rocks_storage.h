#pragma once
// The storage of a real node. One RocksDB holds everything; one thread writes to it: whatever the core has
// handed over meanwhile becomes one write batch and, when a ticket is among it, one synced write of the log
// file (group commit). See README.md for the layout of the keys.
//
// A full disk does not stop the node. Below the reserve, disk_full() says so and the host refuses writes;
// when most of the reserve is used up too, the thread holds the batch until there is room.

#include "common/ids.h"
#include "common/result.h"
#include "node/host/duties/storage.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

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
};

/// Errors: kPermissionDenied, kUnavailable (another process has it open), kInvalidArgument (data of another
/// node), kCorruption (damaged; the message names the directory and what RocksDB found).
[[nodiscard]] Result<std::unique_ptr<Storage>> open_rocks_storage(RocksOptions options);

}  // namespace ordeal::host
