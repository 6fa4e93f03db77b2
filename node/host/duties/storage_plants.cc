#include "node/host/duties/storage_plants.h"

#include <array>

namespace ordeal::host {
namespace {

constexpr std::array<Plant, 4> kPlants = {{
    {"S1", "storage", "a sync that failed is logged and tried again, and the second one counts",
     "one I/O error on a sync, then power loss: kill -9 does not show it", "lost acknowledged writes",
     "PostgreSQL before 11.2 (fsyncgate)"},
    {"S2", "storage", "recovery cuts the log at the first damaged record, wherever it is",
     "flip a bit in the middle of one node's log file, restart it, stop another",
     "lost acknowledged writes, leader completeness", "LogCabin (protocol-aware recovery, FAST 2018)"},
    {"S3", "storage", "files are made and renamed without a sync of their directory",
     "power loss: kill -9 does not show it", "election safety, lost acknowledged writes", "text"},
    {"S4", "storage", "the applied index is written in a later batch than the effects",
     "kill -9 between the two", "commands applied twice", "text"},
}};

}  // namespace

std::span<const Plant> storage_plants() {
  return kPlants;
}

StoragePlants StoragePlants::take_from(std::vector<std::string>& ids) {
  StoragePlants set;
  for (std::size_t i = 0; i < kPlants.size(); ++i) {
    if (std::erase(ids, kPlants[i].id) > 0) set.add(static_cast<StorageBug>(i));
  }
  return set;
}

}  // namespace ordeal::host
