#include "controller/run/readiness.h"

namespace ordeal {
namespace {

constexpr Duration kProbeGap = milliseconds(100);
constexpr const char* kProbeKey = "ordeal-probe";

}  // namespace

Readiness::Readiness(ClientPool& pool) : pool_(pool), slot_(pool.add(ProcessId(0))) {}

void Readiness::reset(MonotonicTime now) {
  ready_ = false;
  again_ = now;
}

void Readiness::run_due(Now now, NodeId leader, RunOutput& output) {
  if (ready_ || pool_.busy(slot_) || again_ > now.monotonic) return;
  again_ = now.monotonic + kProbeGap;
  if (leader == kNoNode) return;
  // Another process each time, since each asks another node first. Reads carry no session, so that it does
  // not matter that the load has processes of the same numbers.
  pool_.renew(slot_, ProcessId(probes_++));
  Op probe;
  probe.process = pool_.process(slot_);
  probe.f = "read";
  probe.key = kProbeKey;
  if (const auto started = pool_.invoke(slot_, probe, now, output); started.ended)
    ended(*started.ended, now.monotonic);
}

void Readiness::ended(const ClientPool::Ended& ended, MonotonicTime now) {
  ready_ = ready_ || ended.outcome.type == OpType::kOk;
  again_ = now + kProbeGap;
}

std::optional<MonotonicTime> Readiness::next_due() const {
  if (ready_ || pool_.busy(slot_)) return std::nullopt;
  return again_;
}

}  // namespace ordeal
