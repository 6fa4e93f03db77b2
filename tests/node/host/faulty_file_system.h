#pragma once
// Gives a FaultyDisk to RocksDB, in place of the machine's file system. It keeps nothing of its own: whatever
// the disk answers, RocksDB hears.

#include "tests/node/host/faulty_disk.h"

#include <rocksdb/file_system.h>

#include <memory>

namespace ordeal::test {

/// `disk` outlives whoever uses it.
[[nodiscard]] std::shared_ptr<rocksdb::FileSystem> make_faulty_file_system(FaultyDisk& disk);

}  // namespace ordeal::test
