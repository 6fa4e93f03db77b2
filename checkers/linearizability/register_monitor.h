#pragma once
// The block algorithm (blocks.h) event by event: it says at which response a register with different values
// first had no order, while the history is still being made, in memory that depends on how much goes on at
// once and not on how long the history is.
//
// A block is a chain of values, each made of the one before by a compare-and-set. It has begun by its first
// response and has not ended before its last invocation, `first` and `last`; A has to precede B when
// A.first < B.last. Responses come in order, so a block's `first` is fixed once it is there and only `last`
// grows. Let W be the earliest invocation of an operation that is still open: whatever comes later was
// invoked at W or after. So a block A that began before W, and has to precede another that began before W,
// is over: whoever still returns one of its values is wrong, whatever else happens. Only the largest `last`
// of such blocks has to be remembered.

#include "checkers/flat_map.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

namespace ordeal {

/// What an operation does. Values are any words.
struct MonitoredAction {
  enum class Kind : std::uint8_t { kRead, kWrite, kCas };

  Kind kind = Kind::kRead;
  std::uint64_t expects = 0;  ///< of a read what it returned, not known when it is invoked
  std::uint64_t gives = 0;
};

struct MonitorViolation {
  enum class Kind : std::uint8_t {
    kUnwritten,    ///< a value that nobody writes, or one that is overwritten for certain, was there
    kStale,        ///< a value was there after the one that a compare-and-set made of it
    kLostUpdate,   ///< two compare-and-sets took effect from one value
    kCasCircle,    ///< compare-and-sets that expect each other's values
    kAbortedRead,  ///< an operation failed after its value had been there
    kOrder,        ///< two blocks have to precede each other
  };

  Kind kind = Kind::kUnwritten;
  std::uint64_t response = 0;  ///< the first that no order explains
  std::uint64_t value = 0;     ///< what it is about
};

/// "stale read" and the like.
[[nodiscard]] std::string_view to_text(MonitorViolation::Kind kind);

/// One register. Requires: no value is written twice, and the initial one never; positions grow from call to
/// call. After a violation it takes no notice any more.
class RegisterMonitor {
 public:
  static constexpr std::size_t kValuesKept = 64;

  using Position = std::uint64_t;

  /// Below `values_kept` values it is not worth looking for some that are over.
  explicit RegisterMonitor(std::uint64_t initial, std::size_t values_kept = kValuesKept);

  void invoke(Position at, const MonitoredAction& action);
  /// The operation invoked at `invoke` took effect, or returned what a read says.
  void ok(Position invoke, Position at, const MonitoredAction& action);
  /// It did not. A failed compare-and-set that says what it saw is this, and a read of it: `saw`.
  void fail(Position invoke, Position at, const MonitoredAction& action,
            std::optional<std::uint64_t> saw = {});
  /// Nobody knows, and nobody will.
  void info(Position invoke);

  [[nodiscard]] const std::optional<MonitorViolation>& violation() const { return violation_; }
  /// Memory used, in bytes.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  // Inside, positions are moved by one: 0 is before everything.
  static constexpr Position kNever = UINT64_MAX;

  /// A write or compare-and-set whose value nobody has seen and that has not answered, or never will.
  struct Pending {
    Position invoke = 0;
    std::uint64_t expects = 0;
    bool cas = false;
  };
  /// A value that was there.
  struct Segment {
    std::uint32_t block = 0;
    bool followed = false;    ///< a compare-and-set made another of it
    Position until = kNever;  ///< first response of what followed: later invocations come too late
  };
  struct Block {
    Position first = kNever;
    Position last = 0;
    std::vector<std::uint64_t> values;  ///< that have a segment
  };
  struct Open {
    Position invoke = 0;
    bool answered = false;
  };

  void answer(Position invoke);
  /// The value was there, as the operation invoked at `invoke` shows by its response at `at`.
  void see(std::uint64_t value, Position invoke, Position at);
  /// Gives the value its segment, and before it those that it was made of. Null: there is a violation.
  const Segment* need(std::uint64_t value, Position at);
  /// Makes the segments of a chain of values, the first of which was written or made of one that has a
  /// segment.
  bool chain(const std::vector<std::uint64_t>& values, Position at);
  std::uint32_t new_block(Position invoke);
  /// Whether the block and another have to precede each other.
  [[nodiscard]] bool conflicts(std::uint32_t block) const;
  /// Forgets what is over.
  void retire();
  void retire_segments(Block& block, Position earliest);
  void accuse(MonitorViolation::Kind kind, Position at, std::uint64_t value);

  FlatMap<Pending> pending_;   ///< by the value given
  FlatMap<Segment> segments_;  ///< by value
  std::vector<Block> blocks_;  ///< some are free
  std::vector<std::uint32_t> live_;
  std::vector<std::uint32_t> free_;
  std::size_t values_kept_;
  std::size_t retire_at_;  ///< number of segments at which to look for blocks that are over
  std::deque<Open> open_;  ///< in order of invocation; the first is not answered
  std::optional<MonitorViolation> violation_;
};

}  // namespace ordeal
