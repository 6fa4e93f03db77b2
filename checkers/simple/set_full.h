#pragma once
// A set that only grows: `add` of an element, `read` of all. Each element has a story of its own, from the
// reads that had it and those that had not:
//
//   lost         it was there for certain, and from some time on no read had it;
//   stale        it was there for certain, a read that was invoked later had not, and a later one had;
//   never read   no read that was invoked after it was there for certain;
//   unexpected   a read had it, and nobody added it, or its addition failed;
//   duplicated   a read had it more than once.
//
// An element is there for certain when its addition has succeeded or a read has returned it, whichever is
// first.

#include "checkers/checker.h"

#include <memory>

namespace ordeal {

enum class StaleReads : std::uint8_t { kAllowed, kForbidden };

/// Named "set-full", and "set-full-linearizable" when stale reads are forbidden. O(elements of all reads).
/// Valid only if some read came after an addition. Latencies, in ns, are in `details`: how long after an
/// element was there for certain the last read that had not was invoked.
[[nodiscard]] std::unique_ptr<Checker> make_set_full_checker(StaleReads stale);

}  // namespace ordeal
