#pragma once
// From a violated order to the few steps that show it.

#include "checkers/transactions/path.h"
#include "checkers/transactions/stale_reads.h"
#include "checkers/transactions/violation.h"
#include "checkers/transactions/walk.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace ordeal {

/// The read that forces `before` to come before `after`: nothing but its reader and key is filled in.
using ForcedBy = std::function<OrderStep(TransactionIndex before, TransactionIndex after)>;

/// "ThinAirRead", "AbortedRead", ...: the pattern of a read that is wrong by itself.
[[nodiscard]] Violation explain_fault(const TransactionTable& table, const FaultyRead& fault);

/// Names the kind of each step.
[[nodiscard]] std::vector<OrderStep> explain_steps(const ReadsFrom& reads, const std::vector<PathStep>& path,
                                                   const ForcedBy& forced_by);

/// A shortest circle through one of the transactions that wait for each other.
template <class Dependencies>
std::vector<OrderStep> explain_circle(const TransactionTable& table, const ReadsFrom& reads,
                                      const Dependencies& dependencies, const WaitingCircle& circle,
                                      const ForcedBy& forced_by) {
  constexpr std::size_t kStartsMax = 16;  // each costs a search through everything
  PathSearch search(table);
  std::vector<PathStep> shortest;
  for (std::size_t i = 0; i < std::min(circle.steps.size(), kStartsMax); ++i) {
    const TransactionIndex start = circle.steps[i].waiting;
    std::vector<PathStep> path = search.find(start, start, dependencies);
    if (!path.empty() && (shortest.empty() || path.size() < shortest.size())) shortest = std::move(path);
  }
  return explain_steps(reads, shortest, forced_by);
}

/// The chain source -> other -> reader of a read that a later write of its key had to be seen by.
template <class Dependencies>
Violation explain_overwrite(std::string_view pattern, const TransactionTable& table, const ReadsFrom& reads,
                            const Dependencies& dependencies, const Overwrite& found,
                            const ForcedBy& forced_by) {
  PathSearch search(table);
  std::vector<PathStep> path;
  if (found.source != kInitialWriter) path = search.find(found.source, found.other, dependencies);
  const std::vector<PathStep> rest = search.find(found.other, found.reader, dependencies);
  path.insert(path.end(), rest.begin(), rest.end());
  return {.pattern = pattern,
          .reader = found.reader,
          .key = found.key,
          .source = found.source,
          .steps = explain_steps(reads, path, forced_by)};
}

}  // namespace ordeal
