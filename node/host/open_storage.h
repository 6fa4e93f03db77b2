#pragma once
// Which storages this program can open: with RocksDB (open_storage_rocksdb.cc) or, under a sanitizer that
// cannot see RocksDB's locks, without (open_storage_memory.cc). One of the two is linked.

#include "node/host/duties/storage.h"
#include "node/host/options.h"

#include <memory>
#include <optional>

namespace ordeal::host {

[[nodiscard]] Result<std::unique_ptr<Storage>> open_storage(const NodeOptions& options,
                                                            std::optional<char> left_out);

}  // namespace ordeal::host
