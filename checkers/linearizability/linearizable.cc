#include "checkers/linearizability/linearizable.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "checkers/keyed_checker.h"
#include "checkers/linearizability/blocks.h"
#include "checkers/linearizability/explain.h"
#include "checkers/linearizability/first_violation.h"
#include "checkers/linearizability/register_model.h"
#include "checkers/linearizability/search.h"
#include "checkers/linearizability/shrink.h"
#include "checkers/linearizability/weaken.h"
#include "common/check.h"

namespace ordeal {
namespace {

// The search for a small story may cost as much again as the verdict, and a little more for tiny histories.
constexpr std::uint64_t kShrinkStepsMin = 200'000;

/// "the limit of 1000 states is used up", with what it had reached.
std::string explain_unknown(const HistoryTable& history, const KeySlice& slice,
                            const RegisterProblem& problem, const SearchResult& result,
                            const Budget& budget) {
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

  [[nodiscard]] KeyFinding check_key(const HistoryTable& history, const KeySlice& slice,
                                     const Budget& budget) const override {
    KeyFinding finding;
    const Result<RegisterProblem> problem = make_register_problem(history, slice, semantics_);
    if (!problem.ok()) {
      finding.why = problem.error().message;
      return finding;
    }
    if (budget.steps_max > 0 && !budget.stopped()) {
      if (const std::optional<BlockVerdict> blocks = decide_by_blocks(*problem)) {
        return follow_blocks(history, slice, *problem, *blocks, budget);
      }
    }
    return follow_search(history, slice, *problem, budget);
  }

 private:
  static KeyFinding follow_search(const HistoryTable& history, const KeySlice& slice,
                                  const RegisterProblem& problem, const Budget& budget) {
    KeyFinding finding;
    const SearchResult result = search(problem, budget);
    finding.steps = result.steps;
    finding.bytes = result.bytes;
    if (result.end == SearchEnd::kFound) {
      finding.verdict = Verdict::kValid;
    } else if (result.end == SearchEnd::kNone) {
      accuse(finding, history, slice, shrink(problem, *result.furthest, shrink_budget(budget, result.steps)));
    } else {
      finding.why = explain_unknown(history, slice, problem, result, budget);
    }
    return finding;
  }

  /// The blocks say whether; a search of the guilty values alone, up to the first answer that they cannot
  /// explain, says what to tell.
  static KeyFinding follow_blocks(const HistoryTable& history, const KeySlice& slice,
                                  const RegisterProblem& problem, const BlockVerdict& blocks,
                                  const Budget& budget) {
    KeyFinding finding;
    finding.steps = 1;
    if (blocks.valid) {
      finding.verdict = Verdict::kValid;
      return finding;
    }
    const std::optional<std::uint32_t> first = first_violation(problem);
    ORDEAL_CHECK(first.has_value());
    const RegisterProblem prefix = cut_after(problem, *first);
    const RegisterProblem part = keep_values(prefix, decide_by_blocks(prefix)->values);
    const Budget rest = shrink_budget(budget, 0);
    const SearchResult result = search(part, rest);
    finding.steps += result.steps;
    finding.bytes = result.bytes;
    if (result.end == SearchEnd::kNone) {
      accuse(finding, history, slice, shrink(part, *result.furthest, rest));
    } else {
      finding.verdict = Verdict::kInvalid;
      finding.why = "no order explains every answer; the search for a short story of it was given up";
    }
    return finding;
  }

  static Budget shrink_budget(const Budget& budget, std::uint64_t steps) {
    Budget rest = budget;
    rest.steps_max = std::max(steps * 4, kShrinkStepsMin);
    return rest;
  }

  static void accuse(KeyFinding& finding, const HistoryTable& history, const KeySlice& slice,
                     const ViolationCore& core) {
    finding.verdict = Verdict::kInvalid;
    finding.witness = explain(history, slice, core);
    finding.why = finding.witness->stuck.front().text;
  }

  RegisterSemantics semantics_;
};

}  // namespace

std::unique_ptr<Checker> make_linearizable_register_checker(const RegisterSemantics& semantics) {
  return std::make_unique<LinearizableRegister>(semantics);
}

}  // namespace ordeal
