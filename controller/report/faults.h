#pragma once
// The faults of a run, put together from the nemesis's lines in the history: what was asked, when the probe
// saw it in force and gone, and what it measured.

#include "common/environment.h"
#include "common/history.h"
#include "controller/report/run_info.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ordeal::report {

/// The two times between which something happened, on the history's clock.
struct TimeBounds {
  Duration earliest;
  Duration latest;
};

struct FaultRecord {
  std::string id;
  std::string kind;           ///< as of fault_kind: partition, kill, pause, transfer, members ...
  std::string shape;          ///< of members: remove or demote; of others as in the plan
  std::vector<Cut> cuts;      ///< of a partition
  std::vector<NodeId> nodes;  ///< struck; for a partition every node that loses a link
  Duration asked;
  std::optional<TimeBounds> began;  ///< seen in force by probe
  std::string apply_error;          ///< why not
  bool declined = false;            ///< by the cluster, which was asked for it
  Value measured;                   ///< by the probe, while in force
  std::optional<Duration> stop_asked;
  std::optional<TimeBounds> ended;  ///< seen gone by probe
  std::string heal_error;
  Value measured_after;

  /// Where the fault may have been in force, for a band in a picture: as wide as the bounds allow.
  [[nodiscard]] Duration from() const { return began ? began->earliest : asked; }
  [[nodiscard]] Duration to(Duration history_end) const;
};

/// In the order of asking. A verified final heal ends every fault that was not seen gone before.
[[nodiscard]] std::vector<FaultRecord> faults_of(const History& history);
[[nodiscard]] FaultCounts count_faults(const std::vector<FaultRecord>& faults);

/// "n1 | n2 n3" when the cuts part the nodes into groups that cannot talk; else "n1→n2, n1→n3 cut"; "remove
/// n1" or "demote n1 n2" of members; for other kinds the nodes.
[[nodiscard]] std::string describe_targets(const FaultRecord& fault, std::uint32_t nodes);

/// The ordered pairs that let nothing through, as the environment's probe reports them:
/// {"pairs": 20, "cut": [["n1" "n2"]]}, of 20 pairs that were measured.
struct MeasuredCuts {
  std::set<Cut> cuts;
  std::int64_t pairs = 0;
};
/// None when `measured` has another form.
[[nodiscard]] std::optional<MeasuredCuts> measured_cuts(const Value& measured);

/// "n2 not running, n3 stopped" for the probe of processes ({"n2": {"alive": false}}); any other form as it
/// is.
[[nodiscard]] std::string describe_measured(const Value& measured);

}  // namespace ordeal::report
