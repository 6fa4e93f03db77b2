#pragma once
// What a search for an order comes to.

#include <cstdint>
#include <optional>
#include <vector>

namespace ordeal {

enum class SearchEnd : std::uint8_t {
  kFound,    ///< there is an order
  kNone,     ///< there is none
  kSteps,    ///< the steps are used up
  kBytes,    ///< the memory is used up
  kStopped,  ///< the stop callback said so
};

/// A state of an object, by number; equal states have equal numbers. Of a register: its ValueId.
using StateId = std::uint32_t;

/// The furthest that any order came. Positions are those in the problem's operations.
struct Furthest {
  std::size_t returning = 0;      ///< the operation that no order could place before its response
  std::vector<std::size_t> tail;  ///< the last operations of the longest order, in order
  std::size_t placed = 0;         ///< length of that order
  std::optional<std::size_t>
      last_change;                   ///< the operation that gave the state it ends with; none: `initial`
  StateId initial = 0;               ///< the state that order begins with
  StateId state = 0;                 ///< the state it ends with, without what nothing looks at any more
  std::vector<std::size_t> waiting;  ///< other open operations with a known outcome that are not placed
};

struct SearchResult {
  SearchEnd end = SearchEnd::kNone;
  std::uint64_t steps = 0;           ///< configurations visited
  std::uint64_t bytes = 0;           ///< memory used
  std::vector<std::uint32_t> order;  ///< of kFound: positions in the problem's operations
  std::optional<Furthest> furthest;  ///< of every end but kFound, if any operation had to return
};

}  // namespace ordeal
