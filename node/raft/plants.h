#pragma once
// The planted bugs of this core, as a set that the code asks. Each is carried out where the code says `PLANT
// Rn`: in one place, or in the few that the wrong idea would have touched.

#include "common/plant.h"
#include "common/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ordeal::raft {

enum class Bug : std::uint8_t {
  kR1,
  kR2,
  kR3,
  kR4,
  kR5,
  kR6,
  kR7,
  kR8,
  kR9,
  kR10,
  kR11,
  kR12,
  kR13,
  kR14,
  kR15,
  kR16,
  kR17,
  kR18,
  kR19,
  kR20,
  kR21,
  kR22,
  kR23,
  kR24,
  kR25
};

class PlantSet {
 public:
  /// kInvalidArgument, listing what there is, when an id is unknown.
  [[nodiscard]] static Result<PlantSet> parse(const std::vector<std::string>& ids);

  [[nodiscard]] bool has(Bug bug) const { return (bits_ & mask(bug)) != 0; }
  /// Those that are on, in the order of the list.
  [[nodiscard]] std::vector<Plant> active() const;

 private:
  static constexpr std::uint32_t mask(Bug bug) { return 1U << static_cast<std::uint8_t>(bug); }
  std::uint32_t bits_ = 0;
};

/// In the order of `Bug`.
[[nodiscard]] std::span<const Plant> all_plants();

}  // namespace ordeal::raft
