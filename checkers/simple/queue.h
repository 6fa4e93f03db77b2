#pragma once
// A queue whose order does not matter: what was enqueued comes out once. `enqueue` of a value, `dequeue` that
// returns one, `drain` that returns a list until the queue is empty. To be meaningful, a history ends with
// enough dequeues.
//
//   lost         enqueued for certain, and never dequeued;
//   unexpected   dequeued, and nobody enqueued it;
//   duplicated   dequeued more often than enqueued.

#include "checkers/checker.h"

#include <memory>

namespace ordeal {

/// Named "total-queue", as Jepsen has it. O(n).
[[nodiscard]] std::unique_ptr<Checker> make_total_queue_checker();

}  // namespace ordeal
