#pragma once
// The history, reduced to what pictures need: operations with a lane each, and figures over time that count
// every operation, also where a picture can show only some. Pure.

#include "common/history.h"
#include "controller/report/run_info.h"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace ordeal::report {

/// How an operation ended, for a picture: one that never completed counts as info.
enum class Outcome : std::uint8_t { kOk = 0, kFail = 1, kInfo = 2 };

struct DigestOperation {
  std::size_t invoke = 0;  ///< position in the history
  std::optional<std::size_t> complete;
  Outcome outcome = Outcome::kInfo;
  std::uint32_t lane = 0;
};

/// Counts and latencies of the operations that completed in each slice of the run.
struct Slices {
  Duration width;
  std::vector<std::uint32_t> ok;
  std::vector<std::uint32_t> fail;
  std::vector<std::uint32_t> info;
  /// Latency quantiles of ok operations, in ns; -1 where there is none. From the planned start of an open
  /// loop.
  std::vector<std::int64_t> p50;
  std::vector<std::int64_t> p95;
  std::vector<std::int64_t> p99;
  std::vector<std::int64_t> longest;
};

struct LatencyFigures {
  std::uint64_t count = 0;  ///< ok operations
  Duration p50;
  Duration p95;
  Duration p99;
  Duration longest;
};

struct Digest {
  Duration end;  ///< time of the last line
  std::uint32_t lanes = 0;
  std::vector<DigestOperation> operations;  ///< client operations, by invocation
  Slices slices;
  LatencyFigures latency;
};

/// A lane is one client slot: a process that ended in info is never used again, and the process that takes
/// its place takes its lane. Requires: check_well_formed(history).
[[nodiscard]] Digest digest(const History& history, std::size_t slices_max = 240);

/// Which operations a page shows when there are more than `shown_max`: those whose invocation is in `always`,
/// then those that did not end ok, then an even choice of the rest. Positions in digest.operations,
/// ascending.
[[nodiscard]] std::vector<std::size_t> choose_shown(const Digest& digest, const std::set<std::size_t>& always,
                                                    std::size_t shown_max);

/// Latency of a completed operation, from its planned start where there is one.
[[nodiscard]] Duration latency_of(const History& history, const DigestOperation& operation);

}  // namespace ordeal::report
