#include "node/host/memory_storage.h"
#include "node/host/open_storage.h"

namespace ordeal::host {

Result<std::unique_ptr<Storage>> open_storage(const NodeOptions& options, std::optional<char> left_out) {
  if (options.storage == StorageKind::kMemory) return make_memory_storage(left_out);
  return Error{ErrorCode::kInvalidArgument,
               "--storage rocksdb: this program was built without RocksDB; use --storage memory"};
}

}  // namespace ordeal::host
