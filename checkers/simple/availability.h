#pragma once
// How much of the time a system answered. Of every kind of operation: how many were ok, failed, or ended with
// nobody knowing. How long nothing was ok, at all, on one node and for one process. How long it took after
// the last fault was over. The figures are in `details`, times in ns; limits are a matter of what was
// promised.
//
//   by-f                   {f: {ok, fail, info, ok-fraction}}
//   ok-fraction            of all operations
//   gap                    {ns, from}: the longest time without an ok, from the first invocation to the last
//   event gap-node, gap-process  the same of the node, or process, that had the longest; with its name
//   recovery               ns from the last heal, or stop of a fault, to the next ok; absent when there was
//   none
//
// A process has its time from its first event to its last. Those whose last operation is info are over then.

#include "checkers/checker.h"
#include "common/result.h"

#include <memory>
#include <optional>

namespace ordeal {

struct AvailabilityLimits {
  std::optional<double> ok_fraction;       ///< of all operations, at least
  std::optional<double> gap_seconds;       ///< without an ok, at most
  std::optional<double> recovery_seconds;  ///< from the last heal to the next ok, at most

  /// From {"ok-fraction": 0.99, "gap-seconds": 5, "recovery-seconds": 10}, each of which may be missing, or
  /// from a number, which is the fraction. The error says what is wrong.
  [[nodiscard]] static Result<AvailabilityLimits> parse(const Value& value);
};

/// Named "availability". O(n log n). Valid when no limit was given.
[[nodiscard]] std::unique_ptr<Checker> make_availability_checker(const AvailabilityLimits& limits);

}  // namespace ordeal
