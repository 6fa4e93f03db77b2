#include "checkers/linearizability/compiled_problem.h"

#include <algorithm>
#include <limits>
#include <map>

namespace ordeal {
namespace {

constexpr std::uint32_t kForever = std::numeric_limits<std::uint32_t>::max();

/// Which values some operation looks at, and which unknown operations can matter.
///
/// Without negative facts (kDeny) an unknown operation whose value nobody looks at can be deleted from any
/// order. With them it can still move the register away from a denied value, so all are kept.
struct Relevance {
  std::vector<bool> observed;  ///< by ValueId
  std::vector<bool> needed;    ///< by position in RegisterProblem::ops; for unknown operations
};

Relevance find_relevance(const RegisterProblem& problem) {
  Relevance relevance{.observed = std::vector<bool>(problem.values.size()),
                      .needed = std::vector<bool>(problem.ops.size())};
  bool denies = false;
  for (const RegisterOp& op : problem.ops) {
    if (!op.definite()) continue;
    if (op.action.kind != ActionKind::kWrite) relevance.observed[op.action.expects] = true;
    denies = denies || op.action.kind == ActionKind::kDeny;
  }
  std::vector<std::vector<std::size_t>> givers(problem.values.size());
  std::vector<ValueId> work;
  for (ValueId value = 0; value < relevance.observed.size(); ++value) {
    if (relevance.observed[value]) work.push_back(value);
  }
  const auto need = [&](std::size_t i) {
    const Action& action = problem.ops[i].action;
    relevance.needed[i] = true;
    if (action.kind != ActionKind::kCas || relevance.observed[action.expects]) return;
    relevance.observed[action.expects] = true;
    work.push_back(action.expects);
  };
  for (std::size_t i = 0; i < problem.ops.size(); ++i) {
    const RegisterOp& op = problem.ops[i];
    if (op.definite() || !op.action.changes()) continue;
    givers[op.action.gives].push_back(i);
    if (denies) need(i);
  }
  while (!work.empty()) {
    const ValueId value = work.back();
    work.pop_back();
    for (const std::size_t i : givers[value]) need(i);
  }
  return relevance;
}

class Compiler {
 public:
  explicit Compiler(const RegisterProblem& problem)
      : problem_(problem), relevance_(find_relevance(problem)) {}

  CompiledProblem run() && {
    list_initials();
    out_.looked_at_until.assign(problem_.values.size(), 0);
    out_.classes_giving.resize(problem_.values.size());
    place_events();
    collect_classes();
    return std::move(out_);
  }

 private:
  [[nodiscard]] ValueId visible(ValueId value) const {
    return relevance_.observed[value] ? value : kUnobserved;
  }
  [[nodiscard]] Action visible(Action action) const {
    action.expects = visible(action.expects);
    action.gives = visible(action.gives);
    return action;
  }

  void list_initials() {
    out_.initials.push_back(problem_.any_initial ? kUnobserved : visible(problem_.initial));
    for (ValueId value = 1; problem_.any_initial && value < problem_.values.size(); ++value) {
      if (relevance_.observed[value]) out_.initials.push_back(value);
    }
  }

  void place_events() {
    std::vector<Interval> definite;
    for (std::uint32_t i = 0; i < problem_.ops.size(); ++i) {
      const RegisterOp& op = problem_.ops[i];
      if (!op.definite()) continue;
      definite.push_back({.source = i, .invoke = op.invoke, .response = op.response});
      out_.actions.push_back(visible(op.action));
    }
    out_.timeline = make_timeline(definite);
    for (std::uint32_t i = 0; i < out_.timeline.events.size(); ++i) {
      const SearchEvent& event = out_.timeline.events[i];
      const Action& action = out_.actions[event.op];
      if (event.response && action.kind != ActionKind::kWrite) look_at(action.expects, i + 1);
    }
  }

  void look_at(ValueId value, std::uint32_t until) {
    std::uint32_t& last = out_.looked_at_until[value];
    last = std::max(last, until);
  }

  void collect_classes() {
    std::map<Action, std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < problem_.ops.size(); ++i) {
      const RegisterOp& op = problem_.ops[i];
      if (op.definite() || !relevance_.needed[i]) continue;
      const Action action = visible(op.action);
      const auto [it, fresh] = numbers.emplace(action, static_cast<std::uint32_t>(out_.classes.size()));
      if (fresh) {
        out_.classes.emplace_back();
        out_.class_actions.push_back(action);
        out_.classes_giving[action.gives].push_back(it->second);
      }
      if (action.kind == ActionKind::kCas) look_at(action.expects, kForever);
      out_.classes[it->second].invoked.push_back(out_.timeline.events_before(op.invoke));
      out_.classes[it->second].sources.push_back(i);
    }
  }

  const RegisterProblem& problem_;
  Relevance relevance_;
  CompiledProblem out_;
};

}  // namespace

CompiledProblem compile(const RegisterProblem& problem) {
  return Compiler(problem).run();
}

}  // namespace ordeal
