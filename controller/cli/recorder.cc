#include "controller/cli/recorder.h"

#include "checkers/formats/jsonl.h"
#include "controller/report/live.h"

namespace ordeal::cli {

void Recorder::append(std::span<const Op> operations) {
  if (failure_ || operations.empty()) return;
  std::string lines;
  for (const Op& op : operations) {
    lines += print_jsonl(op);
    lines += '\n';
  }
  if (Status status = writer_.append(lines); !status.ok()) {
    failure_ = status.error();
    return;
  }
  history_.insert(history_.end(), operations.begin(), operations.end());
}

void Recorder::observe(const NodeObservation& observation, MonotonicTime now) {
  leaders_.observe(now - start_, observation);
}

void Recorder::progress(const RunProgress& progress, MonotonicTime now) {
  const std::string_view phase = to_text(progress.phase);
  if (phases_.empty() || phases_.back().name != phase) {
    if (!phases_.empty()) phases_.back().to = now - start_;
    phases_.push_back({.name = std::string(phase), .from = now - start_, .to = now - start_});
  }
  if (last_live_ && now - *last_live_ < seconds(1)) return;
  last_live_ = now;
  if (Status status = report::write_live(run_, progress); !status.ok() && !failure_)
    failure_ = status.error();
}

std::vector<report::LeaderInterval> Recorder::leaders(MonotonicTime end) const {
  return leaders_.intervals(end - start_);
}

std::vector<report::PhaseSpan> Recorder::phases(MonotonicTime end) const {
  std::vector<report::PhaseSpan> phases = phases_;
  if (!phases.empty()) phases.back().to = end - start_;
  return phases;
}

}  // namespace ordeal::cli
