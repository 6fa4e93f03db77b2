#include "checkers/linearizability/shrink.h"

#include <algorithm>
#include <optional>

#include "checkers/linearizability/weaken.h"

namespace ordeal {
namespace {

constexpr std::uint64_t kWorkMax = 20'000'000;  ///< operations looked at over all attempts

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
    drop_denials();
    find_start();
    weakening_.unseen.resize(original_.ops.size());
    weakening_.dropped.resize(original_.values.size());
  }

  ViolationCore run() && {
    std::vector<Unit> units = list_units();
    for (std::size_t size = units.size() / 2; size > 1; size /= 2) sweep(units, size);
    for (std::size_t before = units.size() + 1; units.size() < before && !exhausted();) {
      before = units.size();
      sweep(units, 1);
    }
    return std::move(core_);
  }

 private:
  /// Cuts off the beginning: the latest start from which no value leads to an order. Earlier starts only
  /// strengthen, so doubling from the end and then halving finds it, and looks at little of a long history.
  void find_start() {
    const RegisterProblem whole = original_;
    const auto violated = [&](std::size_t size) {
      if (!accept(cut_before(whole, whole.ops[whole.ops.size() - size].invoke))) return false;
      original_ = core_.problem;
      return true;
    };
    std::size_t low = 0;  // not violated
    std::size_t high = 1;
    while (high <= whole.ops.size() && !violated(high)) {
      low = high;
      high *= 2;
    }
    if (high > whole.ops.size()) {
      high = whole.ops.size();
      if (!violated(high)) return;
    }
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      (violated(middle) ? high : low) = middle;
    }
  }

  /// Without negative facts whole values may go, and the story is plainer. While a failed cas says "not a", a
  /// value between two a's matters even if nobody reads it.
  void drop_denials() {
    RegisterProblem trial = original_;
    std::erase_if(trial.ops, [](const RegisterOp& op) { return op.action.kind == ActionKind::kDeny; });
    denials_matter_ = trial.ops.size() < original_.ops.size() && !accept(trial);
    if (!denials_matter_) original_ = std::move(trial);
  }

  [[nodiscard]] std::vector<Unit> list_units() const {
    std::vector<Unit> units;
    std::vector<bool> listed(original_.values.size());
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
      if (exhausted() || !try_weakening(trial)) {
        left.insert(left.end(), units.begin() + static_cast<std::ptrdiff_t>(begin),
                    units.begin() + static_cast<std::ptrdiff_t>(end));
      }
    }
    units = std::move(left);
  }

  [[nodiscard]] bool exhausted() const {
    return work_ >= kWorkMax || steps_ >= budget_.steps_max || stopped_;
  }

  /// Keeps the weakening if the problem is still violated with it.
  bool try_weakening(const Weakening& trial) {
    work_ += original_.ops.size();
    if (!accept(weaken(original_, trial))) return false;
    weakening_ = trial;
    return true;
  }

  /// Keeps the problem if it is violated.
  bool accept(RegisterProblem problem) {
    work_ += problem.ops.size() + 1;
    Budget rest = budget_;
    rest.steps_max = budget_.steps_max - std::min(steps_, budget_.steps_max);
    SearchResult result = search(problem, rest);
    steps_ += result.steps;
    stopped_ = stopped_ || result.end == SearchEnd::kStopped;
    if (result.end != SearchEnd::kNone) return false;
    core_ = {.problem = std::move(problem), .furthest = std::move(*result.furthest)};
    return true;
  }

  RegisterProblem original_;
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
