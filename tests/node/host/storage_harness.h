#pragma once
// Drives the real storage of a node as a core does, on a disk that fails, and holds what it finds after each
// crash against the model of what was handed over. One seed is one disk: several lives of the node, each of
// which ends in a power loss, a kill or a clean stop, and at most one trouble beyond that, so that whatever
// is lost then is the storage's doing.
//
// The same seed gives the same disk and the same steps. RocksDB's background threads are not under the seed's
// control, so a failure that needs a flush in the background may take a few tries to show again.

#include "node/host/duties/storage_plants.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::test {

enum class Trouble : std::uint8_t {
  kNone,            ///< power losses and kills alone: it must open, and hold a prefix
  kSyncError,       ///< EIO once: the storage must fail and say no more; then as kNone
  kSyncLie,         ///< an error, or records that were written once
  kRot,             ///< one bit of one file: an error, or what must be there
  kWriteLost,       ///< likewise
  kWriteMisplaced,  ///< likewise
  kReadError,       ///< EIO once: an error, or what must be there
  kNoSpace,         ///< without warning: an error or waiting; then as kNone
};
[[nodiscard]] std::string_view to_text(Trouble trouble);

struct HarnessOptions {
  host::StoragePlants plants;
  /// What one disk has, drawn by the seed. Say it more than once for a greater share.
  std::vector<Trouble> troubles = {Trouble::kNone};
  /// Lives of a node end so, out of 8: the rest are clean stops.
  std::uint64_t power_losses_of_8 = 5;
  std::uint64_t kills_of_8 = 2;
};

struct HarnessReport {
  std::optional<std::string> violation;  ///< with the seed; the run ends there
  std::uint64_t opens = 0;               ///< that succeeded
  std::uint64_t power_losses = 0;
  std::uint64_t kills = 0;
  std::uint64_t clean_stops = 0;
  std::uint64_t died_opening = 0;     ///< of the power losses and kills
  std::uint64_t tickets_durable = 0;  ///< reported
  std::uint64_t sectors_spoilt = 0;   ///< old, torn or garbage after a power loss
  std::uint64_t names_undone = 0;     ///< changes of directories that a power loss took back
  std::uint64_t refused_after_gap =
      0;  ///< would not open after a power loss that left gaps in unsynced bytes
  std::map<Trouble, std::uint64_t> troubles;  ///< that struck
  std::map<Trouble, std::uint64_t> errors;    ///< that they were answered with

  void add(const HarnessReport& other);
};

[[nodiscard]] HarnessReport run_harness(std::uint64_t seed, const HarnessOptions& options);

}  // namespace ordeal::test
