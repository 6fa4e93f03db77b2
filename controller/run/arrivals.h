#pragma once
// When operations may start. Closed loop: a limit on the rate, with gaps uniform between nothing and twice
// the mean, as Jepsen's stagger. Open loop: a Poisson process that does not care whether anybody is free.
//
// What could not start in time is not kept in a queue: the process itself stands still at the next arrival
// until it is taken, so the backlog needs no memory however long it grows.

#include "common/prng.h"
#include "common/time.h"
#include "controller/run/plan.h"

#include <optional>

namespace ordeal {

class Arrivals {
 public:
  Arrivals(const LoadPlan& load, MonotonicTime start, Rng rng);

  /// When the next operation may start; in the past when it is late.
  [[nodiscard]] MonotonicTime next() const { return next_; }
  /// Uses the next arrival up and gives its planned time. Requires: next() <= now.
  MonotonicTime take(MonotonicTime now);

 private:
  [[nodiscard]] Duration gap();

  bool open_;
  std::int64_t mean_gap_ns_;  ///< 0: no limit
  Rng rng_;
  MonotonicTime next_;
};

}  // namespace ordeal
