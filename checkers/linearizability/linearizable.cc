#include "checkers/linearizability/linearizable.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "checkers/keyed_checker.h"
#include "checkers/linearizability/blocks.h"
#include "checkers/linearizability/explain.h"
#include "checkers/linearizability/first_violation.h"
#include "checkers/linearizability/object_problem.h"
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
template <class Problem>
std::string explain_unknown(const HistoryTable& history, const KeySlice& slice, const Problem& ops,
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
  return why + fmt::format("; the search came to {}, {} other operations were open",
                           describe(history, slice.operations[ops[result.furthest->returning].operation]),
                           result.furthest->waiting.size());
}

Budget shrink_budget(const Budget& budget, std::uint64_t steps) {
  Budget rest = budget;
  rest.steps_max = std::max(steps * 4, kShrinkStepsMin);
  return rest;
}

void accuse(KeyFinding& finding, Witness witness) {
  finding.verdict = Verdict::kInvalid;
  finding.witness = std::move(witness);
  finding.why = finding.witness->stuck.front().text;
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
      accuse(finding,
             explain(history, slice, shrink(problem, *result.furthest, shrink_budget(budget, result.steps))));
    } else {
      finding.why = explain_unknown(history, slice, problem.ops, result, budget);
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
      accuse(finding, explain(history, slice, shrink(part, *result.furthest, rest)));
    } else {
      finding.verdict = Verdict::kInvalid;
      finding.why = "no order explains every answer; the search for a short story of it was given up";
    }
    return finding;
  }

  RegisterSemantics semantics_;
};

class LinearizableObject final : public KeyedChecker {
 public:
  explicit LinearizableObject(ObjectFactory factory) : factory_(std::move(factory)) {}

  [[nodiscard]] std::string_view name() const override { return "linearizable"; }

  [[nodiscard]] KeyFinding check_key(const HistoryTable& history, const KeySlice& slice,
                                     const Budget& budget) const override {
    KeyFinding finding;
    const std::unique_ptr<SequentialObject> object = factory_(history, slice);
    const Result<std::vector<ObjectProblem>> problems = make_object_problems(*object, history, slice);
    if (!problems.ok()) {
      finding.why = problems.error().message;
      return finding;
    }
    finding.verdict = Verdict::kValid;
    // Of several violated parts the one to tell of is the one that was violated first.
    std::optional<ObjectCore> first;
    for (const ObjectProblem& problem : *problems) {
      Budget rest = budget;
      rest.steps_max -= std::min(finding.steps, budget.steps_max);
      SearchResult result = search(*object, problem, rest);
      finding.steps += result.steps;
      finding.bytes = std::max(finding.bytes, result.bytes);
      if (result.end == SearchEnd::kFound) continue;
      if (result.end == SearchEnd::kNone) {
        ObjectCore core{.problem = problem, .furthest = std::move(*result.furthest)};
        if (!first || core.end() < first->end()) first = std::move(core);
        continue;
      }
      finding.verdict = Verdict::kUnknown;
      if (finding.why.empty()) finding.why = explain_unknown(history, slice, problem, result, budget);
    }
    if (!first) return finding;
    const Budget rest = shrink_budget(budget, finding.steps);
    accuse(finding, explain(*object, history, slice, shrink(*object, *std::move(first), rest)));
    return finding;
  }

 private:
  ObjectFactory factory_;
};

}  // namespace

std::unique_ptr<Checker> make_linearizable_checker(ObjectFactory factory) {
  return std::make_unique<LinearizableObject>(std::move(factory));
}

std::unique_ptr<Checker> make_linearizable_register_checker(const RegisterSemantics& semantics) {
  return std::make_unique<LinearizableRegister>(semantics);
}

}  // namespace ordeal
