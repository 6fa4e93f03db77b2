#include "checkers/linearizability/weaken.h"

namespace ordeal {
namespace {

RegisterProblem without_ops(const RegisterProblem& problem) {
  return {
      .ops = {}, .values = problem.values, .initial = problem.initial, .any_initial = problem.any_initial};
}

}  // namespace

RegisterProblem cut_after(const RegisterProblem& problem, std::size_t position) {
  RegisterProblem out = without_ops(problem);
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
  return weaken(problem, weakening);
}

}  // namespace ordeal
