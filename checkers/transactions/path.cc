#include "checkers/transactions/path.h"

#include <algorithm>

namespace ordeal {

void PathSearch::start(TransactionIndex to) {
  step_to_.assign(step_to_.size(), {});
  for (SessionIndex s = 0; s < table_.session_count(); ++s) covered_[s] = table_.session_begin(s);
  // Not marked as reached: a way round has to come to it again.
  reached_.assign(1, to);
}

void PathSearch::reach_session(TransactionIndex t) {
  TransactionIndex& covered = covered_[table_.session_of(t)];
  for (; covered < t; ++covered) reach(covered, {.next = t, .session = true});
}

std::vector<PathStep> PathSearch::chain(TransactionIndex from, TransactionIndex to) const {
  std::vector<PathStep> steps;
  TransactionIndex at = from;
  do {
    const Reached& step = step_to_[at];
    steps.push_back({.from = at, .to = step.next, .session = step.session});
    at = step.next;
  } while (at != to);
  return steps;
}

}  // namespace ordeal
