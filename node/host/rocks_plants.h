#pragma once
// Planted bugs of the storage that lie between RocksDB and the disk: S1 and S3. Private to host_rocksdb.

#include "node/host/duties/storage_plants.h"

#include <rocksdb/file_system.h>

#include <memory>

namespace ordeal::host {

/// The file system as it is, or with the bugs that are on.
[[nodiscard]] std::shared_ptr<rocksdb::FileSystem> with_plants(
    std::shared_ptr<rocksdb::FileSystem> file_system, const StoragePlants& plants);

}  // namespace ordeal::host
