#pragma once
// The planted bugs of the storage, as a set that the storage asks. They are the host's, not a core's: every
// protocol can be run above them. Each is carried out in one place, marked `PLANT Sn`.

#include "common/plant.h"
#include "common/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::host {

enum class StorageBug : std::uint8_t { kS1, kS2, kS3, kS4 };

class StoragePlants {
 public:
  /// Takes its own ids out of `ids` and leaves the others.
  [[nodiscard]] static StoragePlants take_from(std::vector<std::string>& ids);

  [[nodiscard]] bool has(StorageBug bug) const { return (bits_ & mask(bug)) != 0; }
  [[nodiscard]] bool empty() const { return bits_ == 0; }
  void add(StorageBug bug) { bits_ |= mask(bug); }

 private:
  static constexpr std::uint32_t mask(StorageBug bug) { return 1U << static_cast<std::uint8_t>(bug); }
  std::uint32_t bits_ = 0;
};

/// In the order of `StorageBug`.
[[nodiscard]] std::span<const Plant> storage_plants();

}  // namespace ordeal::host
