#include "controller/run/arrivals.h"

#include <algorithm>

namespace ordeal {
namespace {

/// A closed loop that was held up makes good for this much and no more: it limits a rate, it owes none.
constexpr Duration kCatchUpMax = seconds(1);

}  // namespace

Arrivals::Arrivals(const LoadPlan& load, MonotonicTime start, Rng rng)
    : open_(load.open),
      mean_gap_ns_(load.rate == 0 ? 0 : seconds(1).ns() / load.rate),
      rng_(rng),
      next_(start) {
  ORDEAL_CHECK(!load.open || load.rate > 0);
  next_ = start + gap();
}

MonotonicTime Arrivals::take(MonotonicTime now) {
  ORDEAL_CHECK(next_ <= now);
  const MonotonicTime planned = next_;
  const MonotonicTime from = open_ ? planned : std::max(planned, now - kCatchUpMax);
  next_ = from + gap();
  return planned;
}

Duration Arrivals::gap() {
  if (mean_gap_ns_ == 0) return Duration();
  return Duration(open_ ? rng_.exponential(mean_gap_ns_) : rng_.between(0, 2 * mean_gap_ns_));
}

}  // namespace ordeal
