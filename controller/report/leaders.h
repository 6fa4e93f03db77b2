#pragma once
// Who led when, from what nodes said of themselves while the run went on.

#include "common/environment.h"
#include "controller/report/run_info.h"

#include <map>
#include <vector>

namespace ordeal::report {

/// Collects observations in the order of time. A node leads from the first observation that says so to the
/// first that says otherwise, names a newer term or could not be made. Two nodes may lead at one time: a
/// leader that was cut off does not know yet.
class LeaderLog {
 public:
  void observe(Duration at, const NodeObservation& observation);
  /// All intervals, by start; those still open end at `end`.
  [[nodiscard]] std::vector<LeaderInterval> intervals(Duration end) const;

 private:
  std::vector<LeaderInterval> closed_;
  std::map<NodeId, LeaderInterval> open_;
};

}  // namespace ordeal::report
