#include "checkers/linearizability/linearizable.h"

#include <fmt/format.h>

#include <algorithm>

#include "checkers/keyed_checker.h"
#include "checkers/linearizability/explain.h"
#include "checkers/linearizability/register_model.h"
#include "checkers/linearizability/search.h"
#include "checkers/linearizability/shrink.h"

namespace ordeal {
namespace {

// The search for a small story may cost as much again as the verdict, and a little more for tiny histories.
constexpr std::uint64_t kShrinkStepsMin = 200'000;

/// "the limit of 1000 states is used up", with what it had reached.
std::string explain_unknown(const History& history, const KeySlice& slice, const RegisterProblem& problem,
                            const SearchResult& result, const Budget& budget) {
  std::string why;
  switch (result.end) {
    case SearchEnd::kSteps:
      why = fmt::format("the limit of {} states is used up", budget.steps_max);
      break;
    case SearchEnd::kBytes:
      why = fmt::format("the limit of {} bytes of memory is used up", budget.bytes_max);
      break;
    default:
      why = "the check was stopped";
      break;
  }
  why = fmt::format("no verdict: {} ({} states visited, {} bytes, {} operations)", why, result.steps,
                    result.bytes, slice.operations.size());
  if (!result.furthest) return why;
  const RegisterOp& op = problem.ops[result.furthest->returning];
  return why + fmt::format("; the search came to {}, {} other operations were open",
                           describe(history, slice.operations[op.operation]),
                           result.furthest->waiting.size());
}

class LinearizableRegister final : public KeyedChecker {
 public:
  explicit LinearizableRegister(const RegisterSemantics& semantics) : semantics_(semantics) {}

  [[nodiscard]] std::string_view name() const override { return "linearizable"; }

  [[nodiscard]] KeyFinding check_key(const History& history, const KeySlice& slice,
                                     const Budget& budget) const override {
    KeyFinding finding;
    const Result<RegisterProblem> problem = make_register_problem(history, slice, semantics_);
    if (!problem.ok()) {
      finding.why = problem.error().message;
      return finding;
    }
    const SearchResult result = search(*problem, budget);
    finding.steps = result.steps;
    finding.bytes = result.bytes;
    if (result.end == SearchEnd::kFound) {
      finding.verdict = Verdict::kValid;
    } else if (result.end == SearchEnd::kNone) {
      finding.verdict = Verdict::kInvalid;
      finding.witness = tell(history, slice, *problem, result, budget);
      finding.why = finding.witness->stuck.front().text;
    } else {
      finding.why = explain_unknown(history, slice, *problem, result, budget);
    }
    return finding;
  }

 private:
  static Witness tell(const History& history, const KeySlice& slice, const RegisterProblem& problem,
                      const SearchResult& result, const Budget& budget) {
    Budget rest = budget;
    rest.steps_max = std::max(result.steps * 4, kShrinkStepsMin);
    return explain(history, slice, shrink(problem, *result.furthest, rest));
  }

  RegisterSemantics semantics_;
};

}  // namespace

std::unique_ptr<Checker> make_linearizable_register_checker(const RegisterSemantics& semantics) {
  return std::make_unique<LinearizableRegister>(semantics);
}

}  // namespace ordeal
