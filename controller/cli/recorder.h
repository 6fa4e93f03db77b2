#pragma once
// What a run leaves in the store while it goes on: the history line by line, who led when, the phases, and
// live.json.

#include "common/environment.h"
#include "common/history.h"
#include "controller/report/leaders.h"
#include "controller/report/store.h"
#include "controller/run/run_loop.h"

#include <optional>
#include <span>
#include <vector>

namespace ordeal::cli {

class Recorder {
 public:
  Recorder(report::HistoryWriter writer, std::filesystem::path run, MonotonicTime start)
      : writer_(std::move(writer)), run_(std::move(run)), start_(start) {}

  /// Appends to the file first. An error (a full disk) stays: the run has to end.
  void append(std::span<const Op> operations);
  void observe(const NodeObservation& observation, MonotonicTime now);
  /// About once a second is enough.
  void progress(const RunProgress& progress, MonotonicTime now);

  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] std::vector<report::LeaderInterval> leaders(MonotonicTime end) const;
  [[nodiscard]] std::vector<report::PhaseSpan> phases(MonotonicTime end) const;

 private:
  report::HistoryWriter writer_;
  std::filesystem::path run_;
  MonotonicTime start_;
  History history_;
  report::LeaderLog leaders_;
  std::vector<report::PhaseSpan> phases_;  ///< the last one is open
  std::optional<MonotonicTime> last_live_;
  std::optional<Error> failure_;  ///< set once
};

}  // namespace ordeal::cli
