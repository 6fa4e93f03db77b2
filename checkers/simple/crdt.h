#pragma once
// Replicated data types that every replica changes by itself and merges later. Each of these promises what
// convergence.h says, whose final reads they use, and that the state they converge to has in it what clients
// were told. A session is what one process does on one node: replicas promise nothing to who goes elsewhere.
//
// crdt-set: `add` and `remove` of an element, `read` of all.
//   lost          added for certain, no remove of it was ever invoked, and a later final read had it not;
//   phantom       a read had it, and nobody had asked to add it, or every addition had failed;
//   resurrected   added once, removed for certain by a session that had added it or read it, and a later
//                 final read had it.
//
// crdt-counter: `add` of a number, `increment` and `decrement` by one or by their value, `read` of the sum.
//   out-of-bounds   a read without what its session had done, or with more than was invoked; a final read
//                   that is not the sum of all that had succeeded and of some that may have happened;
//   decreased       nobody subtracts anything, and a session read less than before.
//
// crdt-register: `write` and `read`; the last writer wins, whoever that is, or several values stay side by
// side, and a read returns the list of them.
//   phantom   a value that nobody had asked to write, or whose write had failed;
//   lost      a final read of nothing after a write had succeeded.
//   `lww-inversions` in `details` counts keys where a session's later write lost to its own earlier one, as
//   clocks that go back make it. That is no violation, for no clocks were promised.

#include "checkers/checker.h"

#include <memory>

namespace ordeal {

/// Named "crdt-set", "crdt-counter", "crdt-register". O(n log n) and linear in the elements of all reads.
/// Unknown when there was nothing to compare in the end, even if all that could be looked at was right.
[[nodiscard]] std::unique_ptr<Checker> make_crdt_set_checker();
[[nodiscard]] std::unique_ptr<Checker> make_crdt_counter_checker();
[[nodiscard]] std::unique_ptr<Checker> make_crdt_register_checker();

}  // namespace ordeal
