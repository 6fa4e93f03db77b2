#pragma once
// Tries every order of a handful of operations: the naive twin of the searches. It shares no code with them
// and reads the history by itself.

#include "common/history.h"

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace ordeal::testing {

/// The states that an operation may lead to from a state; none: its answer is wrong there. The completion is
/// null or not ok when the outcome is not known.
using Effects = std::function<std::vector<Value>(const Op& invoke, const Op* completion, const Value& state)>;

class AnyOrder {
 public:
  /// `states_a_fact`: whether an operation that failed says something. Only the first `size` events count:
  /// what is open then may be in the order, with the answer that it got later, or not.
  AnyOrder(const History& history, Effects effects,
           const std::function<bool(const Op& invoke, const Op& fail)>& states_a_fact,
           std::size_t size = std::numeric_limits<std::size_t>::max())
      : effects_(std::move(effects)) {
    for (const Operation& operation : pair_operations(history)) {
      if (operation.invoke >= size) break;
      Candidate candidate{
          .invoke = &history[operation.invoke], .completion = nullptr, .begin = operation.invoke};
      if (operation.complete) {
        candidate.completion = &history[*operation.complete];
        const OpType type = candidate.completion->type;
        if (type == OpType::kFail && !states_a_fact(*candidate.invoke, *candidate.completion)) continue;
        candidate.required = type != OpType::kInfo && *operation.complete < size;
        if (candidate.required) candidate.end = *operation.complete;
      }
      candidates_.push_back(candidate);
    }
  }

  /// Requires: at most 30 operations.
  bool exists(const Value& initial) { return from(0, initial); }

 private:
  static constexpr std::size_t kEnd = std::numeric_limits<std::size_t>::max();

  struct Candidate {
    const Op* invoke = nullptr;
    const Op* completion = nullptr;  // null: never answered
    std::size_t begin = 0;
    std::size_t end = kEnd;
    bool required = false;  // has to be in the order
  };

  bool from(unsigned placed, const Value& state) {
    if (!visited_.emplace(placed, state).second) return false;
    bool done = true;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if ((placed >> i & 1) == 0 && candidates_[i].required) done = false;
    }
    if (done) return true;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if ((placed >> i & 1) != 0 || !may_come_next(placed, i)) continue;
      for (const Value& next : effects_(*candidates_[i].invoke, candidates_[i].completion, state)) {
        if (from(placed | 1U << i, next)) return true;
      }
    }
    return false;
  }

  // No operation that is not placed was over before this one began.
  [[nodiscard]] bool may_come_next(unsigned placed, std::size_t i) const {
    for (std::size_t j = 0; j < candidates_.size(); ++j) {
      if ((placed >> j & 1) == 0 && candidates_[j].end < candidates_[i].begin) return false;
    }
    return true;
  }

  Effects effects_;
  std::vector<Candidate> candidates_;
  std::set<std::pair<unsigned, Value>> visited_;
};

}  // namespace ordeal::testing
