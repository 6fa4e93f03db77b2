#pragma once
// The storage of a real node. One RocksDB holds everything; one thread writes to it: whatever the core has
// handed over meanwhile becomes one write batch and, when a ticket is among it, one synced write of the log
// file (group commit). See README.md for the layout of the keys.
//
// A full disk does not stop the node. Below the reserve, disk_full() says so and the host refuses writes;
// when most of the reserve is used up too, the thread holds the batch until there is room.

#include "common/result.h"
#include "node/host/duties/storage.h"
#include "node/host/rocks_options.h"

#include <memory>

namespace ordeal::host {

/// Errors: kPermissionDenied, kUnavailable (another process has it open), kInvalidArgument (data of another
/// node), kCorruption (damaged; the message names the directory and what RocksDB found).
[[nodiscard]] Result<std::unique_ptr<Storage>> open_rocks_storage(RocksOptions options);

}  // namespace ordeal::host
