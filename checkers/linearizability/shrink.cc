#include "checkers/linearizability/shrink.h"

#include <algorithm>
#include <optional>

namespace ordeal {
namespace {

constexpr std::uint64_t kWorkMax = 20'000'000;  ///< operations looked at over all attempts

/// What was weakened, by position in the operations and by value.
struct Weakening {
  std::vector<bool> unseen;   ///< the operation no longer looks: a read is gone, a cas is a write
  std::vector<bool> dropped;  ///< by ValueId: every operation that writes or looks at the value is gone
};

RegisterProblem apply(const RegisterProblem& problem, const Weakening& weakening) {
  RegisterProblem out{.ops = {}, .values = problem.values, .initial = problem.initial};
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

/// Linearizability is prefix-closed: what is invoked later goes, what is still open may or may not happen.
RegisterProblem cut_after(const RegisterProblem& problem, std::size_t position) {
  RegisterProblem out{.ops = {}, .values = problem.values, .initial = problem.initial};
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

/// One thing that may be weakened by itself.
struct Unit {
  bool value = false;
  std::size_t number = 0;  ///< a ValueId or a position in the operations
};

class Shrinker {
 public:
  Shrinker(RegisterProblem problem, Furthest furthest, const Budget& budget)
      : original_(std::move(problem)),
        core_{.problem = original_, .furthest = std::move(furthest)},
        budget_(budget) {
    weakening_.unseen.resize(original_.ops.size());
    weakening_.dropped.resize(original_.values.size());
  }

  ViolationCore run() && {
    drop_denials();
    std::vector<Unit> units = list_units();
    for (std::size_t size = std::max<std::size_t>(units.size() / 2, 1); !units.empty(); size /= 2) {
      sweep(units, size);
      if (size <= 1 || exhausted()) break;
    }
    return std::move(core_);
  }

 private:
  /// Without negative facts whole values may go: while a failed cas says "not a", a value between two a's
  /// matters even if nobody reads it.
  void drop_denials() {
    Weakening trial = weakening_;
    bool any = false;
    for (std::size_t i = 0; i < original_.ops.size(); ++i) {
      if (original_.ops[i].action.kind != ActionKind::kDeny) continue;
      any = trial.unseen[i] = true;
    }
    denials_matter_ = any && !accept(trial);
  }

  [[nodiscard]] std::vector<Unit> list_units() const {
    std::vector<Unit> units;
    std::vector<bool> listed(original_.values.size());
    listed[original_.initial] = true;
    for (const RegisterOp& op : original_.ops) {
      if (denials_matter_ || !op.action.changes() || listed[op.action.gives]) continue;
      listed[op.action.gives] = true;
      units.push_back({.value = true, .number = op.action.gives});
    }
    for (std::size_t i = 0; i < original_.ops.size(); ++i) {
      if (original_.ops[i].action.kind != ActionKind::kWrite) units.push_back({.value = false, .number = i});
    }
    return units;
  }

  /// Tries to weaken `size` neighbours at a time; what could be is taken off the list.
  void sweep(std::vector<Unit>& units, std::size_t size) {
    std::vector<Unit> left;
    for (std::size_t begin = 0; begin < units.size(); begin += size) {
      const std::size_t end = std::min(begin + size, units.size());
      Weakening trial = weakening_;
      for (std::size_t i = begin; i < end; ++i) {
        (units[i].value ? trial.dropped : trial.unseen)[units[i].number] = true;
      }
      if (exhausted() || !accept(trial)) {
        left.insert(left.end(), units.begin() + static_cast<std::ptrdiff_t>(begin),
                    units.begin() + static_cast<std::ptrdiff_t>(end));
      }
    }
    units = std::move(left);
  }

  [[nodiscard]] bool exhausted() const {
    return work_ >= kWorkMax || steps_ >= budget_.steps_max || stopped_;
  }

  /// Keeps the weakening if the problem is still violated.
  bool accept(const Weakening& trial) {
    RegisterProblem problem = apply(original_, trial);
    work_ += original_.ops.size();
    Budget rest = budget_;
    rest.steps_max = budget_.steps_max - std::min(steps_, budget_.steps_max);
    SearchResult result = search(problem, rest);
    steps_ += result.steps;
    stopped_ = stopped_ || result.end == SearchEnd::kStopped;
    if (result.end != SearchEnd::kNone) return false;
    weakening_ = trial;
    core_ = {.problem = std::move(problem), .furthest = std::move(*result.furthest)};
    return true;
  }

  const RegisterProblem original_;
  ViolationCore core_;
  const Budget& budget_;
  Weakening weakening_;
  bool denials_matter_ = false;
  std::uint64_t work_ = 0;
  std::uint64_t steps_ = 0;
  bool stopped_ = false;
};

}  // namespace

ViolationCore shrink(const RegisterProblem& problem, const Furthest& furthest, const Budget& budget) {
  RegisterProblem cut = cut_after(problem, problem.ops[furthest.returning].response);
  SearchResult result = search(cut, budget);
  if (result.end != SearchEnd::kNone)
    return {.problem = problem, .furthest = furthest};  // The budget is used up.
  return Shrinker(std::move(cut), std::move(*result.furthest), budget).run();
}

}  // namespace ordeal
