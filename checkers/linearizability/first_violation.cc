#include "checkers/linearizability/first_violation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "checkers/linearizability/register_monitor.h"

namespace ordeal {
namespace {

MonitoredAction monitored(const Action& action) {
  const auto kind = action.kind == ActionKind::kWrite ? MonitoredAction::Kind::kWrite
                    : action.kind == ActionKind::kCas ? MonitoredAction::Kind::kCas
                                                      : MonitoredAction::Kind::kRead;
  return {.kind = kind, .expects = action.expects, .gives = action.gives};
}

/// Operations that were answered, by their responses.
std::vector<std::pair<std::uint32_t, std::uint32_t>> responses_of(const RegisterProblem& problem) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> responses;
  responses.reserve(problem.ops.size());
  for (std::uint32_t i = 0; i < problem.ops.size(); ++i) {
    if (problem.ops[i].definite()) responses.emplace_back(problem.ops[i].response, i);
  }
  std::sort(responses.begin(), responses.end());
  return responses;
}

}  // namespace

std::optional<std::uint32_t> first_violation(const RegisterProblem& problem, std::size_t values_kept) {
  RegisterMonitor monitor(problem.initial, values_kept);
  std::size_t invoked = 0;
  const auto invoke_before = [&](std::uint32_t position) {
    for (; invoked < problem.ops.size() && problem.ops[invoked].invoke < position; ++invoked) {
      const RegisterOp& op = problem.ops[invoked];
      monitor.invoke(op.invoke, monitored(op.action));
      if (!op.definite()) monitor.info(op.invoke);
    }
  };
  for (const auto& [response, number] : responses_of(problem)) {
    invoke_before(response);
    const RegisterOp& op = problem.ops[number];
    monitor.ok(op.invoke, response, monitored(op.action));
    if (monitor.violation()) return response;
  }
  return std::nullopt;
}

}  // namespace ordeal
