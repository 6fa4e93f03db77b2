#pragma once
// The objects that linearizability can be judged against, beside the register. An operation that failed did
// not happen; one whose outcome nobody knows may happen at any time after its invocation, or never.

#include "checkers/linearizability/object.h"
#include "common/value.h"

namespace ordeal {

struct MutexSemantics {
  bool reentrant = false;  ///< the holder may acquire it again, and has to release it as often
  bool fenced = false;     ///< an acquire that is ok says its fence, a number above all earlier ones; the
                           ///< holder's further acquires say the same one
};
/// acquire, release; held by the process that acquired it, which alone can release it. The fence is the value
/// of the acquire's completion, or its member "fence".
[[nodiscard]] ObjectFactory make_mutex(const MutexSemantics& semantics);

/// add DELTA, increment and decrement (by one, or by their value), read -> SUM; integers, 0 at the beginning.
[[nodiscard]] ObjectFactory make_counter();

/// add ELEMENT, remove ELEMENT, contains ELEMENT -> true or false, read -> all elements. An add or a remove
/// that is ok with a boolean says whether it changed the set. Without reads of everything each element is
/// judged by itself.
[[nodiscard]] ObjectFactory make_set();

/// enqueue ELEMENT, dequeue -> ELEMENT, or nil when the queue was empty; first in, first out.
[[nodiscard]] ObjectFactory make_fifo_queue();

/// txn [[read KEY VALUE] [write KEY VALUE] ...], all at once; r and w are short for them. A read of nil says
/// nothing. `initial` maps keys to values; other keys hold nil.
[[nodiscard]] ObjectFactory make_multi_register(const Value& initial);

/// append PART, read (or get) -> EVERYTHING, write (or put) EVERYTHING: texts that are joined, or lists that
/// grow by an element. At the beginning there is nothing: nil, "" or [].
[[nodiscard]] ObjectFactory make_append();

}  // namespace ordeal
