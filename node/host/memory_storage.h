#pragma once
// A storage that forgets at the end of the process: for tests, for ThreadSanitizer (which cannot see
// RocksDB's locks) and for measuring everything but the disk. It does everything inside flush(), on the core
// thread.

#include "node/host/duties/storage.h"

#include <memory>
#include <optional>

namespace ordeal::host {

/// `left_out`: first byte of keys that do not get into snapshots (plant R18).
[[nodiscard]] std::unique_ptr<Storage> make_memory_storage(std::optional<char> left_out);

}  // namespace ordeal::host
