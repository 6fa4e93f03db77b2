#pragma once
// What is known of a run besides its history: who ran what, where, when (run.json), and how it was judged
// (verdict.json). Plain data, shared by the store, the report and the browser; the form on disk is
// docs/formats/store.md.

#include "checkers/checker.h"
#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::report {

/// The format of run.json, verdict.json and live.json.
inline constexpr std::int64_t kFormatVersion = 1;

struct MachineInfo {
  std::uint32_t cores = 0;
  std::uint64_t memory_bytes = 0;
  std::string kernel;  ///< system, release and architecture
  std::string distribution;
  std::optional<double> fdatasync_per_second;  ///< of the file system under the nodes; absent: not measured
};

/// A phase of the run, from start to end on the history's clock.
struct PhaseSpan {
  std::string name;
  Duration from;
  Duration to;
};

/// A time during which a node said of itself that it led.
struct LeaderInterval {
  NodeId node;
  Term term;
  Duration from;
  Duration to;

  friend bool operator==(const LeaderInterval&, const LeaderInterval&) = default;
};

struct RunInfo {
  std::string name;  ///< the plan's, as given: any bytes
  std::uint64_t seed = 0;
  WallTime started;
  std::optional<WallTime> ended;     ///< absent while it runs and when the controller was killed
  std::vector<std::string> command;  ///< argv as typed
  std::vector<std::string> repeat;   ///< argv that runs the same plan with the same seed again
  std::string environment;           ///< local, docker, k8s, sim
  std::string protocol;
  std::string workload;
  std::uint32_t nodes = 0;
  std::vector<std::string> plants;              ///< planted bugs that were on
  std::map<std::string, std::string> versions;  ///< ordeal, git, compiler, rocksdb, ...
  MachineInfo machine;
  std::vector<PhaseSpan> phases;
  std::vector<LeaderInterval> leaders;
};

/// How the run as a whole ended. Later ones outrank earlier ones.
enum class RunVerdict : std::uint8_t { kValid, kVacuous, kUnknown, kInvalid };

/// "valid", "vacuous", "unknown", "invalid".
[[nodiscard]] std::string_view to_text(RunVerdict verdict);
[[nodiscard]] std::optional<RunVerdict> parse_run_verdict(std::string_view text);
/// 0 valid, 1 invalid, 2 unknown or vacuous.
[[nodiscard]] int exit_code(RunVerdict verdict);
/// Invalid by any finding; else unknown by any finding or for lack of one; else vacuous by any reason; else
/// valid.
[[nodiscard]] RunVerdict judge(const std::vector<Finding>& findings, const std::vector<std::string>& vacuous);

/// Client operations by outcome. `open` never completed: nobody knows, as for info.
struct OutcomeCounts {
  std::uint64_t invoked = 0;
  std::uint64_t ok = 0;
  std::uint64_t fail = 0;
  std::uint64_t info = 0;
  std::uint64_t open = 0;

  friend bool operator==(const OutcomeCounts&, const OutcomeCounts&) = default;
};
[[nodiscard]] OutcomeCounts count_outcomes(const History& history);

struct FaultCounts {
  std::uint64_t asked = 0;
  std::uint64_t verified = 0;  ///< in force by probe
  std::uint64_t healed = 0;    ///< gone by probe
  std::uint64_t declined = 0;  ///< asked of the cluster itself, which did not do it, as it may

  friend bool operator==(const FaultCounts&, const FaultCounts&) = default;
};

/// verdict.json.
struct VerdictRecord {
  RunVerdict verdict = RunVerdict::kUnknown;
  int exit_code = 2;
  std::vector<std::string> vacuous;
  OutcomeCounts operations;
  FaultCounts faults;
  bool healed = false;  ///< the final heal was verified
  Duration length;      ///< time of the history's last line
  std::vector<Finding> findings;
};

/// "2026-11-25T06:22:55Z".
[[nodiscard]] std::string to_iso_text(WallTime time);
/// The inverse of to_iso_text.
[[nodiscard]] std::optional<WallTime> parse_iso_text(std::string_view text);

}  // namespace ordeal::report
