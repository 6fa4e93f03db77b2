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

/// What was found, before anybody is told.
template <class Core>
struct Decision {
  Verdict verdict = Verdict::kUnknown;
  std::string why = {};                   ///< of what is not valid, if nothing better can be said
  std::vector<std::uint32_t> order = {};  ///< of valid: invocations, if they were asked for
  std::optional<Core> core = {};          ///< of invalid, unless the search for it was given up
  std::uint64_t steps = 0;
  std::uint64_t bytes = 0;
};

/// The checker around a decision: `Judge::decide(history, slice, budget, with_order)` makes it, and
/// `Judge::explain` and `Judge::parts` tell of its core.
template <class Judge>
class LinearizableChecker final : public KeyedChecker {
 public:
  explicit LinearizableChecker(Judge judge) : judge_(std::move(judge)) {}

  [[nodiscard]] std::string_view name() const override { return "linearizable"; }

  [[nodiscard]] KeyFinding check_key(const HistoryTable& history, const KeySlice& slice,
                                     const Budget& budget) const override {
    auto decision = judge_.decide(history, slice, budget, false);
    KeyFinding finding{.verdict = decision.verdict,
                       .why = std::move(decision.why),
                       .witness = std::nullopt,
                       .steps = decision.steps,
                       .bytes = decision.bytes};
    if (!decision.core) return finding;
    finding.witness = judge_.explain(history, slice, *decision.core);
    finding.why = finding.witness->stuck.front().text;
    return finding;
  }

  [[nodiscard]] Result<KeyProof> prove_key(const HistoryTable& history, const KeySlice& slice,
                                           const Budget& budget) const override {
    auto decision = judge_.decide(history, slice, budget, true);
    KeyProof proof;
    if (decision.core) proof = judge_.parts(history, slice, *decision.core);
    proof.key = slice.key;
    // Without a core that somebody else could look through, invalid is only a claim.
    const bool shown = decision.verdict != Verdict::kInvalid || decision.core;
    proof.verdict = shown ? decision.verdict : Verdict::kUnknown;
    proof.order = std::move(decision.order);
    return proof;
  }

 private:
  Judge judge_;
};

class RegisterJudge {
 public:
  explicit RegisterJudge(const RegisterSemantics& semantics) : semantics_(semantics) {}

  [[nodiscard]] Decision<ViolationCore> decide(const HistoryTable& history, const KeySlice& slice,
                                               const Budget& budget, bool with_order) const {
    const Result<RegisterProblem> problem = make_register_problem(history, slice, semantics_);
    if (!problem.ok()) return {.why = problem.error().message};
    Decision<ViolationCore> decision;
    std::optional<BlockVerdict> blocks;
    if (budget.steps_max > 0 && !budget.stopped()) blocks = decide_by_blocks(*problem, with_order);
    if (blocks) {
      decision.steps = 1;
      decision.order = std::move(blocks->order);
      if (!blocks->valid) return follow_blocks(*problem, budget);
      decision.verdict = Verdict::kValid;
    } else {
      decision = follow_search(history, slice, *problem, budget);
    }
    for (std::uint32_t& op : decision.order) op = problem->ops[op].invoke;
    return decision;
  }

  [[nodiscard]] static Witness explain(const HistoryTable& history, const KeySlice& slice,
                                       const ViolationCore& core) {
    return ordeal::explain(history, slice, core);
  }

  [[nodiscard]] static KeyProof parts(const HistoryTable& history, const KeySlice& /*slice*/,
                                      const ViolationCore& core) {
    KeyProof proof;
    if (core.problem.any_initial) proof.from = core.problem.begin;
    proof.until = core.problem.end;
    for (const RegisterOp& op : core.problem.ops) {
      const bool write_only = op.action.kind == ActionKind::kWrite && history.f_text(op.invoke) != "write";
      proof.parts.push_back({.invoke = op.invoke, .write_only = write_only});
    }
    return proof;
  }

 private:
  static Decision<ViolationCore> follow_search(const HistoryTable& history, const KeySlice& slice,
                                               const RegisterProblem& problem, const Budget& budget) {
    SearchResult result = search(problem, budget);
    Decision<ViolationCore> decision{.steps = result.steps, .bytes = result.bytes};
    if (result.end == SearchEnd::kFound) {
      decision.verdict = Verdict::kValid;
      decision.order = std::move(result.order);
    } else if (result.end == SearchEnd::kNone) {
      decision.verdict = Verdict::kInvalid;
      decision.core = shrink(problem, *result.furthest, shrink_budget(budget, result.steps));
    } else {
      decision.why = explain_unknown(history, slice, problem.ops, result, budget);
    }
    return decision;
  }

  /// The blocks said that there is no order; a search of the guilty values alone, up to the first answer that
  /// they cannot explain, says what to tell.
  static Decision<ViolationCore> follow_blocks(const RegisterProblem& problem, const Budget& budget) {
    const std::optional<std::uint32_t> first = first_violation(problem);
    ORDEAL_CHECK(first.has_value());
    const RegisterProblem prefix = cut_after(problem, *first);
    const RegisterProblem part = keep_values(prefix, decide_by_blocks(prefix)->values);
    const Budget rest = shrink_budget(budget, 0);
    const SearchResult result = search(part, rest);
    Decision<ViolationCore> decision{
        .verdict = Verdict::kInvalid, .steps = 1 + result.steps, .bytes = result.bytes};
    if (result.end == SearchEnd::kNone) {
      decision.core = shrink(part, *result.furthest, rest);
    } else {
      decision.why = "no order explains every answer; the search for a short story of it was given up";
    }
    return decision;
  }

  RegisterSemantics semantics_;
};

/// The core of an object's problem, with the object that knows its states.
struct KnownCore {
  std::unique_ptr<SequentialObject> object;
  ObjectCore core;
};

class ObjectJudge {
 public:
  explicit ObjectJudge(ObjectFactory factory) : factory_(std::move(factory)) {}

  [[nodiscard]] Decision<KnownCore> decide(const HistoryTable& history, const KeySlice& slice,
                                           const Budget& budget, bool with_order) const {
    std::unique_ptr<SequentialObject> object = factory_(history, slice);
    const Result<std::vector<ObjectProblem>> problems = make_object_problems(*object, history, slice);
    if (!problems.ok()) return {.why = problems.error().message};
    Decision<KnownCore> decision{.verdict = Verdict::kValid};
    Interleaving interleaving;
    // Of several violated parts the one to tell of is the one that was violated first.
    std::optional<ObjectCore> first;
    for (const ObjectProblem& problem : *problems) {
      Budget rest = budget;
      rest.steps_max -= std::min(decision.steps, budget.steps_max);
      SearchResult result = search(*object, problem, rest);
      decision.steps += result.steps;
      decision.bytes = std::max(decision.bytes, result.bytes);
      if (result.end == SearchEnd::kFound) {
        if (with_order) interleaving.add(problem, result.order);
      } else if (result.end == SearchEnd::kNone) {
        ObjectCore core{.problem = problem, .furthest = std::move(*result.furthest)};
        if (!first || core.end() < first->end()) first = std::move(core);
      } else {
        decision.verdict = Verdict::kUnknown;
        if (decision.why.empty()) decision.why = explain_unknown(history, slice, problem, result, budget);
      }
    }
    if (first) {
      decision.verdict = Verdict::kInvalid;
      ObjectCore core = shrink(*object, *std::move(first), shrink_budget(budget, decision.steps));
      decision.core = KnownCore{.object = std::move(object), .core = std::move(core)};
    } else if (decision.verdict == Verdict::kValid) {
      decision.order = std::move(interleaving).order();
    }
    return decision;
  }

  [[nodiscard]] static Witness explain(const HistoryTable& history, const KeySlice& slice,
                                       const KnownCore& known) {
    return ordeal::explain(*known.object, history, slice, known.core);
  }

  [[nodiscard]] static KeyProof parts(const HistoryTable& /*history*/, const KeySlice& /*slice*/,
                                      const KnownCore& known) {
    KeyProof proof;
    proof.until = known.core.end();
    for (const ObjectOp& op : known.core.problem)
      proof.parts.push_back({.invoke = op.invoke, .write_only = false});
    return proof;
  }

 private:
  /// One order from those of parts that have nothing to do with each other: each operation takes effect as
  /// early as its part's order lets it.
  class Interleaving {
   public:
    void add(const ObjectProblem& problem, const std::vector<std::uint32_t>& order) {
      std::uint32_t at = 0;
      for (const std::uint32_t op : order) {
        at = std::max(at, problem[op].invoke);
        placed_.emplace_back(at, problem[op].invoke);
      }
    }
    [[nodiscard]] std::vector<std::uint32_t> order() && {
      std::stable_sort(placed_.begin(), placed_.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      std::vector<std::uint32_t> order;
      for (const auto& [at, invoke] : placed_) order.push_back(invoke);
      return order;
    }

   private:
    std::vector<std::pair<std::uint32_t, std::uint32_t>> placed_;  ///< when, and which
  };

  ObjectFactory factory_;
};

}  // namespace

std::unique_ptr<Checker> make_linearizable_checker(ObjectFactory factory) {
  return std::make_unique<LinearizableChecker<ObjectJudge>>(ObjectJudge(std::move(factory)));
}

std::unique_ptr<Checker> make_linearizable_register_checker(const RegisterSemantics& semantics) {
  return std::make_unique<LinearizableChecker<RegisterJudge>>(RegisterJudge(semantics));
}

}  // namespace ordeal
