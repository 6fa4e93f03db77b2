#pragma once
// When the operations of one object were open: their invocations and responses in order, and a slot for each
// open operation, so that what is placed fits in a few bits however long the history is.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace ordeal {

/// Response position of an operation whose outcome nobody knows.
inline constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();

/// An operation with a known outcome.
struct Interval {
  std::uint32_t source = 0;  ///< its number in the problem
  std::uint32_t invoke = 0;  ///< position in the history
  std::uint32_t response = 0;
};

/// The invocation or the response of an operation with a known outcome.
struct SearchEvent {
  std::uint32_t op = 0;  ///< position in Timeline::ops
  bool response = false;
};

struct SlottedOp {
  std::uint32_t slot = 0;    ///< no two operations that are open at once have the same
  std::uint32_t source = 0;  ///< its number in the problem
};

struct Timeline {
  std::vector<SlottedOp> ops;  ///< known outcome, in the order in which they were given
  std::vector<SearchEvent> events;
  std::vector<std::uint32_t> positions;  ///< of the events, in the history
  std::uint32_t slots = 0;

  /// Number of events before a position of the history.
  [[nodiscard]] std::uint32_t events_before(std::uint32_t position) const;
};

/// Requires: no two positions are the same.
[[nodiscard]] Timeline make_timeline(std::span<const Interval> operations);

/// Unknown operations that do the same thing: which of them took effect makes no difference, only how many.
struct UnknownClass {
  std::vector<std::uint32_t>
      invoked;  ///< for each member, the number of events before its invocation; ascending
  std::vector<std::uint32_t> sources;  ///< the members' numbers in the problem
};

}  // namespace ordeal
