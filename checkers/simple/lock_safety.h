#pragma once
// The safety of a distributed lock, as four findings that are told apart, for each calls for another cure
// (Kleppmann, "How to do distributed locking", 2016). What the events mean is in lock_holds.h.
//
//   overlap   two processes held one lock at the same time for certain: the algorithm is unsafe;
//   overrun   the resource accepted an operation after the hold under which it was sent was over, while
//             another process had the lock: the client slept (a pause, a slow network), and only fencing
//             helps;
//   fencing   fencing tokens, integers that were given out: none twice; an acquire that was invoked after
//             another was ok gets the greater one; and what the resource accepts never goes back to a smaller
//             one, in its own order between operations with a `sequence`, else in real time;
//   harm      what the lock shall prevent. A counter (`increment`, `add` of a number, from 0 on): the last
//             `read` has every increment that was ok, and none that was never invoked. An `update` of
//             `[READ, WRITTEN]`, whose values do not recur: no two read the same value.
//
// Each is valid, invalid or does-not-apply in `details`, whatever was asked for; what was asked for makes the
// verdict, and when none of it applies, that is unknown. A renewal, an acquire of a process that has not yet
// released the lock, is no overlap, and may get the same token again.

#include "checkers/checker.h"

#include <memory>
#include <string_view>

namespace ordeal {

enum class LockPart : std::uint8_t { kAll, kOverlap, kOverrun, kFencing, kHarm };

/// Named "lock-safety", "lock-overlap", "lock-overrun", "lock-fencing", "lock-harm". O(n log n).
[[nodiscard]] std::unique_ptr<Checker> make_lock_safety_checker(LockPart part);

}  // namespace ordeal
