#include "controller/run/fault_runner.h"

#include "nemesis/faults/catalog.h"
#include "nemesis/faults/describe.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal {
namespace {

/// The environment bounds its own work well below this; an answer later than that does not count.
constexpr Duration kRequestTimeout = seconds(45);
constexpr Duration kChooseAgain = milliseconds(100);
constexpr Duration kChooseGiveUp = seconds(5);
constexpr Duration kRemoveAgain = seconds(1);
constexpr int kRemovalsMax = 3;
constexpr Duration kHealAgain = seconds(1);
constexpr int kHealsMax = 4;

EnvironmentResult no_answer(EnvironmentRequestId request) {
  EnvironmentResult result;
  result.id = request;
  result.reason = fmt::format("the environment did not answer within {}", to_text(kRequestTimeout));
  return result;
}

std::string verb(std::string_view what, const DueFault& due) {
  return fmt::format("{}-{}", what, due.request.fault);
}

Value::Map request_value(const DueFault& due) {
  Value::Map value;
  if (!due.request.shape.empty()) value.emplace("shape", due.request.shape);
  if (!due.request.target.empty()) value.emplace("target", due.request.target);
  if (due.trigger) value.emplace("when", std::string(traits(*due.trigger).name));
  return value;
}

}  // namespace

void FaultRunner::begin(FaultSchedule schedule, MonotonicTime load_start) {
  ORDEAL_CHECK(!schedule_);
  schedule_ = std::move(schedule);
  load_start_ = load_start;
}

void FaultRunner::run_due(MonotonicTime now, const ClusterView& cluster, RunOutput& output) {
  pass_deadlines(now, output);
  if (stopped_ || !schedule_) return;
  for (DueFault& due : schedule_->take(now - load_start_)) {
    waiting_.push_back({std::move(due), now, now + kChooseGiveUp});
  }
  try_waiting(now, cluster, output);
}

void FaultRunner::happened(const NodeEvent& event, MonotonicTime now) {
  if (schedule_ && !stopped_) schedule_->happened(event, now - load_start_);
}

void FaultRunner::result(const EnvironmentResult& result, MonotonicTime now, RunOutput& output) {
  if (heal_open_ && heal_request_ == result.id) {
    healed(result, now, output);
    return;
  }
  for (auto& [id, fault] : active_) {
    if (fault.request != result.id) continue;
    if (fault.stage == Stage::kApplying) {
      applied(id, fault, result, now, output);
    } else if (fault.stage == Stage::kRemoving) {
      removed(id, fault, result, now, output);
    }
    return;
  }
}

void FaultRunner::stop(MonotonicTime now, RunOutput& output) {
  if (schedule_ && !stopped_) {
    for (const FaultEvent& event : schedule_->waiting())
      output.notes.push_back(
          fmt::format("never came: {}, for which {} waited", describe(*event.trigger), event.request.fault));
  }
  stopped_ = true;
  waiting_.clear();
  for (auto& [id, fault] : active_) {
    if (fault.stage == Stage::kInForce) remove(id, fault, now, output);
  }
}

void FaultRunner::heal_all(MonotonicTime now, RunOutput& output) {
  ORDEAL_CHECK(heals_ == 0);
  ask_for_heal(now, output);
}

std::optional<MonotonicTime> FaultRunner::next_due() const {
  std::optional<MonotonicTime> soonest;
  const auto consider = [&](MonotonicTime at) { soonest = soonest ? std::min(*soonest, at) : at; };
  if (schedule_ && !stopped_) {
    if (const auto next = schedule_->next()) consider(load_start_ + *next);
  }
  for (const Waiting& waiting : waiting_) consider(waiting.again);
  for (const auto& [id, fault] : active_) consider(fault.deadline);
  if (heal_deadline_) consider(*heal_deadline_);
  return soonest;
}

std::vector<std::string> FaultRunner::in_force() const {
  std::vector<std::string> texts;
  for (const auto& [id, fault] : active_) {
    if (fault.verified) texts.push_back(describe(fault.spec));
  }
  return texts;
}

void FaultRunner::try_waiting(MonotonicTime now, const ClusterView& cluster, RunOutput& output) {
  if (waiting_.empty()) return;
  ClusterView seen = cluster;
  std::vector<Waiting> still;
  for (Waiting& waiting : waiting_) {
    if (waiting.again > now) {
      still.push_back(std::move(waiting));
      continue;
    }
    // A node that has started is up, though the removal of its kill is not over yet.
    seen.down = down(waiting.due.trigger == NodeEventKind::kNodeStarted);
    const Fault* policy = find_fault(waiting.due.request.fault);
    ORDEAL_CHECK(policy != nullptr);
    auto spec = policy->choose(waiting.due.request, seen, rng_);
    if (spec.ok()) {
      apply(waiting.due, std::move(spec).value(), now, output);
    } else if (now >= waiting.give_up || spec.error().code != ErrorCode::kUnavailable) {
      record_skipped(waiting.due, spec.error().message, now, output);
    } else {
      waiting.again = now + kChooseAgain;
      still.push_back(std::move(waiting));
    }
  }
  waiting_ = std::move(still);
}

void FaultRunner::apply(const DueFault& due, FaultSpec spec, MonotonicTime now, RunOutput& output) {
  const FaultId id = ++last_fault_;
  Value described = to_value(spec);
  Active fault;
  fault.due = due;
  fault.spec = spec;
  fault.value = *described.as_map();
  fault.value.merge(request_value(due));
  fault.value.emplace("fault", static_cast<std::int64_t>(id.value()));
  record(verb("start", due), OpType::kInvoke, fault.value, "", now, output);
  fault.request = ask(ApplyFault{id, std::move(spec)}, output);
  fault.deadline = now + kRequestTimeout;
  ++counts_.asked;
  active_.emplace(id, std::move(fault));
}

void FaultRunner::remove(FaultId id, Active& fault, MonotonicTime now, RunOutput& output) {
  fault.stage = Stage::kRemoving;
  ++fault.removals;
  record(verb("stop", fault.due), OpType::kInvoke, fault.value, "", now, output);
  fault.request = ask(RemoveFault{id}, output);
  fault.deadline = now + kRequestTimeout;
}

void FaultRunner::applied(FaultId id, Active& fault, const EnvironmentResult& result, MonotonicTime now,
                          RunOutput& output) {
  record_result(verb("start", fault.due), fault.value, result, now, output);
  if (result.outcome == EnvironmentOutcome::kUnsupported) {
    end(id, now);  // nothing was done
    return;
  }
  if (result.outcome != EnvironmentOutcome::kVerified) {
    const bool declined = result.outcome == EnvironmentOutcome::kDeclined;
    if (declined) ++counts_.skipped;
    output.notes.push_back(fmt::format("{}: {}: {}", declined ? "declined" : "not verified",
                                       describe(fault.spec), result.reason));
    remove(id, fault, now, output);  // What was declined may have begun.
    return;
  }
  ++counts_.verified;
  fault.verified = true;
  output.notes.push_back("in force: " + describe(fault.spec));
  if (stopped_) {
    remove(id, fault, now, output);
    return;
  }
  fault.stage = Stage::kInForce;
  fault.deadline = now + fault.due.length;
}

void FaultRunner::removed(FaultId id, Active& fault, const EnvironmentResult& result, MonotonicTime now,
                          RunOutput& output) {
  record_result(verb("stop", fault.due), fault.value, result, now, output);
  if (result.outcome == EnvironmentOutcome::kVerified) {
    if (fault.verified) ++counts_.healed;
    output.notes.push_back("gone: " + describe(fault.spec));
    end(id, now);
    return;
  }
  output.notes.push_back(fmt::format("not seen gone: {}: {}", describe(fault.spec), result.reason));
  if (fault.removals >= kRemovalsMax) {
    end(id, now);  // left to the final heal
    return;
  }
  fault.stage = Stage::kRemoveAgain;
  fault.deadline = now + kRemoveAgain;
}

void FaultRunner::end(FaultId id, MonotonicTime now) {
  const auto it = active_.find(id);
  ORDEAL_CHECK(it != active_.end());
  if (it->second.due.random) schedule_->random_ended(now - load_start_);
  active_.erase(it);
}

void FaultRunner::pass_deadlines(MonotonicTime now, RunOutput& output) {
  if (heal_deadline_ && *heal_deadline_ <= now) {
    if (heal_open_) {
      healed(no_answer(heal_request_), now, output);
    } else {
      ask_for_heal(now, output);
    }
  }
  std::vector<FaultId> passed;
  for (const auto& [id, fault] : active_) {
    if (fault.deadline <= now) passed.push_back(id);
  }
  for (const FaultId id : passed) {
    Active& fault = active_.at(id);
    switch (fault.stage) {
      case Stage::kApplying:
        applied(id, fault, no_answer(fault.request), now, output);
        break;
      case Stage::kRemoving:
        removed(id, fault, no_answer(fault.request), now, output);
        break;
      case Stage::kInForce:
      case Stage::kRemoveAgain:
        remove(id, fault, now, output);
        break;
    }
  }
}

void FaultRunner::ask_for_heal(MonotonicTime now, RunOutput& output) {
  ++heals_;
  record("heal", OpType::kInvoke, {}, "", now, output);
  heal_request_ = ask(HealAll{}, output);
  heal_open_ = true;
  heal_deadline_ = now + kRequestTimeout;
}

void FaultRunner::healed(const EnvironmentResult& result, MonotonicTime now, RunOutput& output) {
  record_result("heal", {}, result, now, output);
  heal_open_ = false;
  heal_deadline_.reset();
  const bool verified = result.outcome == EnvironmentOutcome::kVerified;
  if (!verified) output.notes.push_back("heal not verified: " + result.reason);
  if (verified || heals_ == kHealsMax) {
    heal_verified_ = verified;
  } else {
    heal_deadline_ = now + kHealAgain;
  }
}

/// What a plan asked for and nobody could do belongs in the history too.
void FaultRunner::record_skipped(const DueFault& due, std::string_view reason, MonotonicTime now,
                                 RunOutput& output) {
  record(verb("start", due), OpType::kInvoke, request_value(due), "", now, output);
  record(verb("start", due), OpType::kInfo, request_value(due), fmt::format("not asked for: {}", reason), now,
         output);
  ++counts_.asked;
  ++counts_.skipped;
  output.notes.push_back(fmt::format("skipped: {} {}: {}", due.request.fault, due.request.target, reason));
  if (due.random) schedule_->random_ended(now - load_start_);
}

void FaultRunner::record(std::string f, OpType type, Value::Map value, std::string error, MonotonicTime now,
                         RunOutput& output) {
  Op op;
  op.process = kNemesisProcess;
  op.type = type;
  op.f = std::move(f);
  if (!value.empty()) op.value = std::move(value);
  op.error = std::move(error);
  recorder_.append(std::move(op), now, output);
}

void FaultRunner::record_result(const std::string& f, const Value::Map& value,
                                const EnvironmentResult& result, MonotonicTime now, RunOutput& output) {
  Value::Map full = value;
  if (!result.measured.is_nil()) full.emplace("measured", result.measured);
  if (result.outcome == EnvironmentOutcome::kDeclined) full.emplace("declined", true);
  if (result.outcome != EnvironmentOutcome::kVerified) {
    record(f, OpType::kInfo, std::move(full), result.reason.empty() ? "not verified" : result.reason, now,
           output);
    return;
  }
  full.emplace("earliest", recorder_.since_start(result.earliest).ns());
  full.emplace("latest", recorder_.since_start(result.latest).ns());
  record(f, OpType::kOk, std::move(full), "", now, output);
}

EnvironmentRequestId FaultRunner::ask(decltype(EnvironmentRequest::verb) verb, RunOutput& output) {
  const EnvironmentRequestId id = ++last_request_;
  output.environment.push_back({id, std::move(verb)});
  return id;
}

std::vector<NodeId> FaultRunner::down(bool coming_up) const {
  std::vector<NodeId> nodes;
  for (const auto& [id, fault] : active_) {
    if (coming_up && fault.stage == Stage::kRemoving) continue;
    const std::vector<NodeId> taken = nodes_down(fault.spec);
    nodes.insert(nodes.end(), taken.begin(), taken.end());
  }
  return nodes;
}

}  // namespace ordeal
