#include "sim/simulation.h"

#include "common/check.h"
#include "controller/run/parts.h"
#include "sim/settings.h"

#include <fmt/format.h>

#include <utility>

namespace ordeal::sim {
namespace {

// What makes a run count: enough to have seen something.
constexpr Duration kLengthMin = seconds(60);
constexpr std::uint64_t kCompletedMin = 500;
constexpr std::uint64_t kFaultsMin = 3;

constexpr Duration kBesideTheLoad = seconds(300);  ///< start, heal and final reads end long before

void judge_history(const std::vector<std::unique_ptr<Checker>>& checkers, const SimOptions& options,
                   SimResult& result) {
  Budget budget;
  budget.steps_max = options.checker_steps_max;
  for (const auto& checker : checkers) {
    Finding finding = checker->check(result.history, budget);
    const bool invalid = finding.verdict == Verdict::kInvalid;
    const bool first = result.outcome == Outcome::kGood || (invalid && !result.bad());
    if (finding.verdict != Verdict::kValid && first) {
      result.outcome = invalid ? Outcome::kHistory : Outcome::kUnknown;
      result.kind = finding.checker;
      result.why = finding.why;
    }
    result.findings.push_back(std::move(finding));
  }
}

}  // namespace

std::string_view to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kGood:
      return "good";
    case Outcome::kInvariant:
      return "invariant";
    case Outcome::kHistory:
      return "history";
    case Outcome::kLiveness:
      return "liveness";
    case Outcome::kNode:
      return "node";
    case Outcome::kUnknown:
      return "unknown";
  }
  return "unknown";
}

bool SimResult::counts() const {
  return length >= kLengthMin && completed() >= kCompletedMin &&
         summary.progress.faults_verified >= kFaultsMin;
}

Result<SimResult> simulate(const Plan& plan, std::uint64_t seed, const SimOptions& options) {
  if (Status status = check_plan(plan); !status.ok()) return status.error();
  auto settings = Settings::read(plan);
  if (!settings.ok()) return settings.error();
  auto workload = make_workload(plan);
  if (!workload.ok()) return workload.error();

  SimResult result;
  result.seed = seed;
  const CheckContext context(fmt::format("seed {} of plan {}", seed, plan.name));
  World world(plan, *settings, seed,
              {options.invariants, options.sound_messages, options.spectator, options.before_start});
  RunLoop loop(plan, seed, std::move(*workload), &make_client, MonotonicTime());
  world.run(loop, plan.time_limit + kBesideTheLoad);
  result.summary = loop.summary();
  result.length = world.now() - MonotonicTime();
  Marks marks = world.marks();  // What comes after, the liveness phase has made to happen.
  std::optional<std::string> stuck;
  if (!world.broken() && result.summary.progress.phase != RunPhase::kDone)
    stuck = "the run did not come to its end";
  if (!world.broken() && !stuck && options.liveness && settings->can_be_live()) {
    stuck = world.check_liveness();
    result.liveness_checked = true;
  }
  result.beyond_promise = world.beyond_promise();
  if (world.broken()) {
    result.outcome = world.broken()->refused_by ? Outcome::kNode : Outcome::kInvariant;
    result.kind = world.broken()->violation.invariant;
    result.why = fmt::format("after event {}, at {}: {}", world.broken()->event,
                             to_text(world.broken()->at - MonotonicTime()), world.broken()->violation.text);
    result.broken_at = world.broken()->at;
  }
  result.history = world.history();
  judge_history(loop.workload().checkers(), options, result);
  if (stuck && !result.bad()) {
    result.outcome = Outcome::kLiveness;
    result.kind = "liveness";
    result.why = std::move(*stuck);
    result.broken_at = world.now();
  }
  result.events = world.events();
  result.trace_hash = world.trace_hash();
  if (plan.workload.unique_values && plan.workload.name != "script") marks.recorded(result.history);
  for (std::size_t i = 0; i < kMarkCount; ++i) {
    const auto mark = static_cast<Mark>(i);
    if (marks.reached(mark)) result.marks.push_back(mark);
  }
  return result;
}

}  // namespace ordeal::sim
