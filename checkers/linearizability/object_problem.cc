#include "checkers/linearizability/object_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "checkers/linearizability/explain.h"
#include "checkers/linearizability/search_engine.h"

namespace ordeal {
namespace {

constexpr std::uint64_t kShrinkWorkMax = 20'000'000;  ///< operations looked at over all attempts to shrink
constexpr std::size_t kWaitingMax = 6;

/// An object as the search engine wants it: unknown operations are worth a try wherever they change the state
/// to one that something looks at.
class ObjectRules {
 public:
  ObjectRules(SequentialObject& object, const ObjectProblem& problem) : object_(object) {
    std::vector<Interval> definite;
    for (std::uint32_t i = 0; i < problem.size(); ++i) {
      if (!problem[i].definite()) continue;
      definite.push_back({.source = i, .invoke = problem[i].invoke, .response = problem[i].response});
      actions_.push_back(problem[i].action);
    }
    timeline_ = make_timeline(definite);
    std::map<ActionId, std::size_t> numbers;
    for (std::uint32_t i = 0; i < problem.size(); ++i) {
      if (problem[i].definite() || object.looks(problem[i].action)) continue;
      const auto [it, fresh] = numbers.emplace(problem[i].action, classes_.size());
      if (fresh) {
        classes_.emplace_back();
        class_actions_.push_back(problem[i].action);
      }
      classes_[it->second].invoked.push_back(timeline_.events_before(problem[i].invoke));
      classes_[it->second].sources.push_back(i);
    }
    for (std::uint32_t i = 0; i < timeline_.events.size(); ++i) {
      if (timeline_.events[i].response) object.looked_at_until(actions_[timeline_.events[i].op], i + 1);
    }
  }

  [[nodiscard]] const Timeline& timeline() const { return timeline_; }
  [[nodiscard]] const std::vector<UnknownClass>& classes() const { return classes_; }

  [[nodiscard]] bool looks(std::uint32_t op) const { return object_.looks(actions_[op]); }
  [[nodiscard]] std::optional<StateId> apply(std::uint32_t op, StateId state) const {
    return object_.apply(actions_[op], state);
  }
  [[nodiscard]] std::optional<StateId> apply_unknown(std::uint32_t number, StateId state) const {
    return object_.apply(class_actions_[number], state);
  }
  [[nodiscard]] StateId forget(StateId state, std::uint32_t event) const {
    return object_.forget(state, event);
  }
  [[nodiscard]] static bool is_useless(std::uint32_t /*number*/, std::uint32_t /*event*/) { return false; }
  [[nodiscard]] std::uint64_t bytes() const { return object_.bytes(); }

  template <class View>
  void list_unknown(const View& view, StateId state, std::vector<std::uint32_t>& out) const {
    for (std::uint32_t number = 0; number < classes_.size(); ++number) {
      if (!view.available(number)) continue;
      const std::optional<StateId> next = apply_unknown(number, state);
      if (next && *next != state && object_.forget(*next, view.event()) != kForgotten) out.push_back(number);
    }
  }

 private:
  SequentialObject& object_;
  Timeline timeline_;
  std::vector<ActionId> actions_;  ///< by position in Timeline::ops
  std::vector<UnknownClass> classes_;
  std::vector<ActionId> class_actions_;
};

class ObjectShrinker {
 public:
  ObjectShrinker(SequentialObject& object, ObjectCore core, const Budget& budget)
      : object_(object), core_(std::move(core)), budget_(budget) {}

  ObjectCore run() && {
    cut();
    std::vector<std::uint32_t> groups = list_groups();
    for (std::size_t size = std::max<std::size_t>(groups.size() / 2, 1); !groups.empty(); size /= 2) {
      const std::size_t before = groups.size();
      sweep(groups, size);
      if (size == 1 && (groups.size() == before || exhausted())) break;
      if (size == 1) size = 2;  // again, one by one
    }
    return std::move(core_);
  }

 private:
  /// Up to the answer that no order reached: linearizability is prefix-closed. What is open there may happen
  /// or not.
  void cut() {
    const std::uint32_t end = core_.end();
    ObjectProblem prefix;
    for (ObjectOp op : core_.problem) {
      if (op.invoke > end) break;
      if (op.definite() && op.response > end) op.response = kNever;
      if (op.definite() || !object_.looks(op.action)) prefix.push_back(op);
    }
    accept(std::move(prefix));
  }

  [[nodiscard]] std::vector<std::uint32_t> list_groups() const {
    std::vector<std::uint32_t> groups;
    for (const ObjectOp& op : core_.problem) {
      if (const auto group = object_.group(op.action)) groups.push_back(*group);
    }
    std::ranges::sort(groups);
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    return groups;
  }

  /// Tries to leave out `size` neighbours at a time; what could be is taken off the list.
  void sweep(std::vector<std::uint32_t>& groups, std::size_t size) {
    std::vector<std::uint32_t> left;
    for (std::size_t begin = 0; begin < groups.size(); begin += size) {
      const auto first = groups.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto last = groups.begin() + static_cast<std::ptrdiff_t>(std::min(begin + size, groups.size()));
      ObjectProblem rest;
      for (const ObjectOp& op : core_.problem) {
        const auto group = object_.group(op.action);
        if (!group || !std::binary_search(first, last, *group)) rest.push_back(op);
      }
      if (exhausted() || !accept(std::move(rest))) left.insert(left.end(), first, last);
    }
    groups = std::move(left);
  }

  [[nodiscard]] bool exhausted() const {
    return work_ >= kShrinkWorkMax || steps_ >= budget_.steps_max || stopped_;
  }

  /// Keeps the problem if it has no order.
  bool accept(ObjectProblem problem) {
    work_ += problem.size() + 1;
    Budget rest = budget_;
    rest.steps_max = budget_.steps_max - std::min(steps_, budget_.steps_max);
    SearchResult result = search(object_, problem, rest);
    steps_ += result.steps;
    stopped_ = stopped_ || result.end == SearchEnd::kStopped;
    if (result.end != SearchEnd::kNone) return false;
    core_ = {.problem = std::move(problem), .furthest = std::move(*result.furthest)};
    return true;
  }

  SequentialObject& object_;
  ObjectCore core_;
  const Budget& budget_;
  std::uint64_t work_ = 0;
  std::uint64_t steps_ = 0;
  bool stopped_ = false;
};

}  // namespace

Result<std::vector<ObjectProblem>> make_object_problems(SequentialObject& object, const HistoryTable& history,
                                                        const KeySlice& slice) {
  ObjectProblem all;
  for (std::uint32_t i = 0; i < slice.operations.size(); ++i) {
    const OperationRow& operation = slice.operations[i];
    const OpType outcome = operation.completed() ? history.type(operation.complete) : OpType::kInfo;
    if (outcome == OpType::kFail) continue;
    Result<std::optional<ActionId>> action = object.translate(operation, outcome);
    if (!action.ok())
      return Error{action.error().code,
                   fmt::format("operation {} is {}", operation.invoke, action.error().message)};
    if (!*action) continue;
    all.push_back({.operation = i,
                   .action = **action,
                   .invoke = operation.invoke,
                   .response = outcome == OpType::kOk ? operation.complete : kNever});
  }
  std::map<std::uint32_t, ObjectProblem> parts;
  for (const ObjectOp& op : all) parts[object.part(op.action)].push_back(op);
  std::vector<ObjectProblem> problems;
  for (auto& [part, problem] : parts) problems.push_back(std::move(problem));
  return problems;
}

SearchResult search(SequentialObject& object, const ObjectProblem& problem, const Budget& budget) {
  ObjectRules rules(object, problem);
  const StateId initial = object.initial();
  return SearchEngine(rules.timeline(), rules.classes(), rules, budget).run(std::span(&initial, 1));
}

ObjectCore shrink(SequentialObject& object, ObjectCore core, const Budget& budget) {
  return ObjectShrinker(object, std::move(core), budget).run();
}

Witness explain(SequentialObject& object, const HistoryTable& history, const KeySlice& slice,
                const ObjectCore& core) {
  const Furthest& furthest = core.furthest;
  const auto step = [&](std::size_t i, std::string text) {
    const OperationRow& operation = slice.operations[core.problem[i].operation];
    return WitnessStep{
        .invoke = operation.invoke,
        .complete = operation.completed() ? std::optional<std::size_t>(operation.complete) : std::nullopt,
        .text = describe(history, operation) + std::move(text)};
  };
  Witness witness;
  witness.key = slice.key;
  // The states are known when the story begins at the beginning; else only the last one is.
  const bool whole = furthest.placed == furthest.tail.size();
  StateId state = whole ? object.initial() : furthest.state;
  for (const std::size_t i : furthest.tail) {
    if (whole) state = object.apply(core.problem[i].action, state).value_or(state);
    const bool tells = whole && !object.looks(core.problem[i].action);
    witness.longest.push_back(step(i, tells ? ": " + object.state_text(state) : std::string()));
  }
  witness.state = state == kForgotten ? "a state that no answer shows" : object.state_text(state);
  const auto accuse = [&](std::size_t i) {
    const bool fits = state == kForgotten || object.apply(core.problem[i].action, state);
    if (!fits) return " cannot come next: " + object.refusal(core.problem[i].action, state);
    return std::string(state == kForgotten
                           ? " cannot come next: no order of what was open leads to its answer"
                           : " may come next, but no order that goes on from there explains every answer");
  };
  witness.stuck.push_back(step(furthest.returning, accuse(furthest.returning)));
  for (std::size_t i = 0; i < furthest.waiting.size() && i < kWaitingMax; ++i)
    witness.stuck.push_back(step(furthest.waiting[i], accuse(furthest.waiting[i])));
  return witness;
}

}  // namespace ordeal
