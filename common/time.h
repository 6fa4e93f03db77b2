#pragma once
// Durations and instants in integer nanoseconds. The two clocks of a node are two types, so that a decision
// says which one it uses and a mix-up does not compile. Nobody in this folder reads a clock: time is an
// argument.

#include <fmt/format.h>

#include <compare>
#include <cstdint>
#include <string>

namespace ordeal {

/// A signed length of time in nanoseconds.
class Duration {
 public:
  constexpr Duration() = default;
  constexpr explicit Duration(std::int64_t nanoseconds) : ns_(nanoseconds) {}

  [[nodiscard]] constexpr std::int64_t ns() const { return ns_; }
  [[nodiscard]] constexpr std::int64_t us() const { return ns_ / 1'000; }
  [[nodiscard]] constexpr std::int64_t ms() const { return ns_ / 1'000'000; }
  [[nodiscard]] constexpr double seconds() const { return static_cast<double>(ns_) / 1e9; }
  constexpr auto operator<=>(const Duration&) const = default;

  friend constexpr Duration operator+(Duration a, Duration b) { return Duration(a.ns_ + b.ns_); }
  friend constexpr Duration operator-(Duration a, Duration b) { return Duration(a.ns_ - b.ns_); }
  friend constexpr Duration operator*(Duration a, std::int64_t n) { return Duration(a.ns_ * n); }
  friend constexpr Duration operator/(Duration a, std::int64_t n) { return Duration(a.ns_ / n); }
  constexpr Duration& operator+=(Duration b) {
    ns_ += b.ns_;
    return *this;
  }

 private:
  std::int64_t ns_ = 0;
};

constexpr Duration nanoseconds(std::int64_t n) {
  return Duration(n);
}
constexpr Duration microseconds(std::int64_t n) {
  return Duration(n * 1'000);
}
constexpr Duration milliseconds(std::int64_t n) {
  return Duration(n * 1'000'000);
}
constexpr Duration seconds(std::int64_t n) {
  return Duration(n * 1'000'000'000);
}

/// An instant on the clock that `Clock` names, in nanoseconds since that clock's zero.
template <class Clock>
class TimePoint {
 public:
  constexpr TimePoint() = default;
  constexpr explicit TimePoint(std::int64_t nanoseconds) : ns_(nanoseconds) {}

  [[nodiscard]] constexpr std::int64_t ns() const { return ns_; }
  constexpr auto operator<=>(const TimePoint&) const = default;

  friend constexpr TimePoint operator+(TimePoint t, Duration d) { return TimePoint(t.ns_ + d.ns()); }
  friend constexpr TimePoint operator-(TimePoint t, Duration d) { return TimePoint(t.ns_ - d.ns()); }
  friend constexpr Duration operator-(TimePoint a, TimePoint b) { return Duration(a.ns_ - b.ns_); }

 private:
  std::int64_t ns_ = 0;
};

/// CLOCK_MONOTONIC, or its stand-in in the simulator: never goes back, rate may differ between nodes.
using MonotonicTime = TimePoint<struct MonotonicClock>;
/// Time of day since the Unix epoch: may jump in either direction.
using WallTime = TimePoint<struct WallClock>;

/// What a core is told about time at each step.
struct Now {
  MonotonicTime monotonic;
  WallTime wall;
};

/// "1.500s", "12.3ms", "40us": for people.
[[nodiscard]] std::string to_text(Duration duration);

}  // namespace ordeal
