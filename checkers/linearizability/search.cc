#include "checkers/linearizability/search.h"

#include <optional>
#include <vector>

#include "checkers/linearizability/compiled_problem.h"
#include "checkers/linearizability/search_engine.h"

namespace ordeal {
namespace {

/// The register: its states are values.
class RegisterRules {
 public:
  explicit RegisterRules(const CompiledProblem& problem)
      : problem_(problem), wanted_(problem.looked_at_until.size(), false) {
    for (const Action& action : problem.actions) denies_ = denies_ || action.kind == ActionKind::kDeny;
  }

  [[nodiscard]] bool looks(std::uint32_t op) const { return !problem_.actions[op].changes(); }
  [[nodiscard]] std::optional<StateId> apply(std::uint32_t op, StateId state) const {
    return after(problem_.actions[op], state);
  }
  [[nodiscard]] std::optional<StateId> apply_unknown(std::uint32_t number, StateId state) const {
    return after(problem_.class_actions[number], state);
  }
  [[nodiscard]] StateId forget(StateId state, std::uint32_t event) const {
    return problem_.looked_at_until[state] <= event ? kUnobserved : state;
  }
  [[nodiscard]] bool is_useless(std::uint32_t number, std::uint32_t event) const {
    return !denies_ && problem_.looked_at_until[problem_.class_actions[number].gives] <= event;
  }
  [[nodiscard]] static std::uint64_t bytes() { return 0; }

  /// Unknown operations, lazily: one is of use only directly before an operation that needs its value, or to
  /// move the register away from a value that an open operation denies. Any other use can be deleted or made
  /// later.
  template <class View>
  void list_unknown(const View& view, StateId state, std::vector<std::uint32_t>& out) {
    bool denied = false;
    std::vector<ValueId> wanted;
    const auto want = [&](ValueId value) {
      if (wanted_[value]) return;
      wanted_[value] = true;
      wanted.push_back(value);
    };
    const auto list_if_it_fits = [&](std::uint32_t number) {
      const Action& action = problem_.class_actions[number];
      if (action.gives != state && action.fits(state)) out.push_back(number);
    };
    view.for_each_open([&](std::uint32_t number) {
      const Action& action = problem_.actions[number];
      denied = denied || action.kind == ActionKind::kDeny;
      if (action.kind == ActionKind::kObserve || action.kind == ActionKind::kCas) want(action.expects);
    });
    for (std::size_t i = 0; i < wanted.size();
         ++i) {  // `wanted` grows in the loop: values that lead to wanted ones
      for (const std::uint32_t number : problem_.classes_giving[wanted[i]]) {
        if (!view.available(number)) continue;
        const Action& action = problem_.class_actions[number];
        if (action.kind == ActionKind::kCas) want(action.expects);
        if (!denied) list_if_it_fits(number);
      }
    }
    for (const ValueId value : wanted) wanted_[value] = false;
    for (std::uint32_t number = 0; denied && number < problem_.classes.size(); ++number) {
      if (view.available(number)) list_if_it_fits(number);
    }
  }

 private:
  static std::optional<StateId> after(const Action& action, StateId state) {
    if (!action.fits(state)) return std::nullopt;
    return action.changes() ? action.gives : state;
  }

  const CompiledProblem& problem_;
  bool denies_ = false;
  std::vector<bool> wanted_;  ///< by ValueId, used within list_unknown only
};

}  // namespace

SearchResult search(const RegisterProblem& problem, const Budget& budget) {
  const CompiledProblem compiled = compile(problem);
  RegisterRules rules(compiled);
  return SearchEngine(compiled.timeline, compiled.classes, rules, budget).run(compiled.initials);
}

}  // namespace ordeal
