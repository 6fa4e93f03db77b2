#pragma once
// The real driver of the run loop: one thread that gives it the machine's time, sends what it wants sent, and
// tells it what happened, each event at once and in the order in which the sockets gave it.

#include "controller/env/local.h"
#include "controller/run/run_loop.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace ordeal::env {

struct DriverHooks {
  /// Before anything else of the same step is done: append and flush. Called only with at least one.
  std::function<void(std::span<const Op>)> on_history;
  std::function<void(const RunProgress&)> on_progress;  ///< a few times a second
  std::function<void(const std::string&)> on_note;
  std::function<void(const NodeObservation&)> on_observation;  ///< what a node says of itself has changed
  /// How often the operator asked to end; see namespaces.h. At the first the loop ends the load, at the
  /// second it does not wait for the final reads, at a third driving ends at once.
  std::function<unsigned()> interrupted;
};

/// How late something was done, over all that was done.
struct Lateness {
  std::uint64_t count = 0;
  Duration p50;
  Duration p99;
  Duration max;
};

struct RunReport {
  bool finished = false;  ///< false: broken off by the operator
  Duration length;
  std::uint64_t steps = 0;
  std::uint64_t calls = 0;
  Lateness wake;    ///< of steps, against the time that the loop had asked for
  Lateness invoke;  ///< open loop only: of invocations, against their planned start
};

/// Requires: every hook is set; `loop` was not stepped before.
RunReport drive(RunLoop& loop, Cluster& cluster, const DriverHooks& hooks);

/// Quantiles by sorting; all zero when there are none.
[[nodiscard]] Lateness summarize(std::vector<Duration> values);

}  // namespace ordeal::env
