#pragma once
// What a history tells about locks: who held which from when to when, and what was done under them. The
// events, all on one clock:
//
//   acquire   the key is the lock. When it is ok the process holds it; an outcome that nobody knows makes no
//             hold, for nobody believes in it. Members of the completion, or of its value when that is a map:
//             `fence` (an integer) or `token` (anything) is what the lock service gave out, as is a value
//             that is an integer; `validity` or `lease` says for how many ns the hold lasts, counted from the
//             invocation, for the client computed what was left at some moment after it.
//   release   the process gives the lock up at the invocation, whatever becomes of it.
//   others    the key is a resource, guarded by the lock of the same name or by the one that the member
//             `lock` names. `fence` or `token` says under which hold it was sent; without it, the last one
//             that the process had got is meant, unless it is a `read`, which then is not guarded. An ok
//             means that the resource accepted it; `sequence` or else `version` is the resource's own order.
//
// Operations on keys that no lock guards are left out.

#include "checkers/checker.h"

#include <compare>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ordeal {

/// A moment of the run; of those with the same time, the order of the history decides.
struct LockMoment {
  std::int64_t ns = std::numeric_limits<std::int64_t>::max();
  std::uint32_t position = 0;

  [[nodiscard]] bool is_never() const { return ns == std::numeric_limits<std::int64_t>::max(); }
  friend auto operator<=>(const LockMoment&, const LockMoment&) = default;
};

struct LockHold {
  OperationRow acquire;
  std::int64_t process = 0;
  Value token;       ///< nil when none was given
  LockMoment from;   ///< when it was acquired
  LockMoment until;  ///< until then it was held for certain: the first attempt to release it, the end of its
                     ///< validity or, without one, an operation of the process that nobody heard of again
  LockMoment over;   ///< from then on it was not held for certain
  bool renewal = false;  ///< the process had it already, and got the same token
};

struct GuardedOperation {
  OperationRow operation;
  OpType outcome = OpType::kInfo;
  Value token;                           ///< nil when it has none
  std::optional<std::int64_t> sequence;  ///< at the resource
  std::optional<std::size_t> hold;       ///< under which it was sent, among its lock's; none: not guarded
};

struct LockHistory {
  struct Lock {
    std::vector<LockHold> holds;  ///< in order of the moments at which they were acquired
  };
  struct Resource {
    Cell lock;
    std::vector<GuardedOperation> operations;  ///< in order of invocation
  };

  std::map<Cell, Lock> locks;
  std::map<Cell, Resource> resources;
  std::optional<std::string> problem;  ///< an operation that does not follow the convention, and how
};

/// O(n log n). Requires: history.check_well_formed().
[[nodiscard]] LockHistory read_locks(const HistoryTable& history);

}  // namespace ordeal
