#include "node/host/memory_storage.h"
#include "node/host/open_storage.h"
#include "node/host/rocks_storage.h"

namespace ordeal::host {

Result<std::unique_ptr<Storage>> open_storage(const NodeOptions& options, std::optional<char> left_out) {
  if (options.storage == StorageKind::kMemory) return make_memory_storage(left_out);
  RocksOptions rocks;
  rocks.directory = options.data;
  rocks.identity = options.cluster + "/" + node_name(options.id);
  rocks.left_out = left_out;
  std::vector<std::string> plants = options.plants;
  rocks.plants = StoragePlants::take_from(plants);
  rocks.reserve_bytes = options.disk_reserve_mib * 1024 * 1024;
  return open_rocks_storage(std::move(rocks));
}

}  // namespace ordeal::host
