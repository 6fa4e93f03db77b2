#include "checkers/linearizability/weaken.h"

#include <algorithm>

namespace ordeal {
namespace {

RegisterProblem without_ops(const RegisterProblem& problem) {
  return {.ops = {},
          .values = problem.values,
          .initial = problem.initial,
          .initial_value = problem.initial_value,
          .any_initial = problem.any_initial,
          .begin = problem.begin,
          .end = problem.end};
}

/// The same with numbers only for the values that are left: every later weakening copies all of them.
RegisterProblem with_few_values(RegisterProblem problem) {
  std::vector<bool> used(problem.values.size());
  used[problem.initial] = true;
  for (const RegisterOp& op : problem.ops) used[op.action.expects] = used[op.action.gives] = true;
  used[kUnobserved] = true;
  std::vector<ValueId> number(problem.values.size());
  ValueId next = 0;
  for (ValueId value = 0; value < problem.values.size(); ++value) {
    if (!used[value]) continue;
    problem.values[next] = problem.values[value];
    number[value] = next++;
  }
  problem.values.resize(next);
  problem.initial = number[problem.initial];
  for (RegisterOp& op : problem.ops) {
    op.action.expects = number[op.action.expects];
    op.action.gives = number[op.action.gives];
  }
  return problem;
}

}  // namespace

RegisterProblem cut_after(const RegisterProblem& problem, std::size_t position) {
  RegisterProblem out = without_ops(problem);
  out.end = std::min<std::uint32_t>(out.end, static_cast<std::uint32_t>(position));
  for (RegisterOp op : problem.ops) {
    if (op.invoke > position) break;
    if (op.definite() && op.response > position) {
      if (!op.action.changes()) continue;
      op.response = kNever;
    }
    out.ops.push_back(op);
  }
  return out;
}

RegisterProblem cut_before(const RegisterProblem& problem, std::size_t position) {
  RegisterProblem out = without_ops(problem);
  out.any_initial = true;
  out.begin = std::max<std::uint32_t>(out.begin, static_cast<std::uint32_t>(position));
  for (RegisterOp op : problem.ops) {
    if (op.invoke < position && op.definite()) {
      if (op.response < position || !op.action.changes()) continue;
      op.response = kNever;
    }
    out.ops.push_back(op);
  }
  return out;
}

RegisterProblem weaken(const RegisterProblem& problem, const Weakening& weakening) {
  RegisterProblem out = without_ops(problem);
  for (std::size_t i = 0; i < problem.ops.size(); ++i) {
    RegisterOp op = problem.ops[i];
    Action& action = op.action;
    if (action.changes() && weakening.dropped[action.gives]) continue;
    const bool looks = action.kind != ActionKind::kWrite;
    if (looks && (weakening.unseen[i] || weakening.dropped[action.expects])) {
      if (action.kind != ActionKind::kCas) continue;
      action = {.kind = ActionKind::kWrite, .expects = kUnobserved, .gives = action.gives};
    }
    out.ops.push_back(op);
  }
  return out;
}

RegisterProblem keep_values(const RegisterProblem& problem, const std::vector<ValueId>& values) {
  Weakening weakening{.unseen = std::vector<bool>(problem.ops.size()),
                      .dropped = std::vector<bool>(problem.values.size(), true)};
  for (const ValueId value : values) weakening.dropped[value] = false;
  return with_few_values(weaken(problem, weakening));
}

}  // namespace ordeal
