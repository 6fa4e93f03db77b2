#include "tests/checkers/linearizability/brute_force.h"

#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace ordeal::testing {
namespace {

constexpr std::size_t kEnd = std::numeric_limits<std::size_t>::max();

struct Candidate {
  const Op* invoke = nullptr;
  const Op* completion = nullptr;  // null: never answered
  std::size_t begin = 0;
  std::size_t end = kEnd;
  bool required = false;  // has to be in the order
};

class AllOrders {
 public:
  AllOrders(const History& history, const RegisterSemantics& semantics) : semantics_(semantics) {
    for (const Operation& operation : pair_operations(history)) {
      Candidate candidate{
          .invoke = &history[operation.invoke], .completion = nullptr, .begin = operation.invoke};
      if (operation.complete) {
        candidate.completion = &history[*operation.complete];
        const OpType type = candidate.completion->type;
        if (type == OpType::kFail && !states_a_fact(candidate)) continue;
        candidate.required = type != OpType::kInfo;
        if (candidate.required) candidate.end = *operation.complete;
      }
      candidates_.push_back(candidate);
    }
  }

  bool from(unsigned placed, const Value& state) {
    if (!visited_.emplace(placed, state).second) return false;
    bool done = true;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if ((placed >> i & 1) == 0 && candidates_[i].required) done = false;
    }
    if (done) return true;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if ((placed >> i & 1) != 0 || !may_come_next(placed, i)) continue;
      const std::optional<Value> next = after(candidates_[i], state);
      if (next && from(placed | 1U << i, *next)) return true;
    }
    return false;
  }

 private:
  [[nodiscard]] bool states_a_fact(const Candidate& candidate) const {
    return candidate.invoke->f == "cas" && candidate.completion->error == "mismatch" &&
           semantics_.failed_cas == FailedCas::kFact;
  }

  // No operation that is not placed was over before this one began.
  [[nodiscard]] bool may_come_next(unsigned placed, std::size_t i) const {
    for (std::size_t j = 0; j < candidates_.size(); ++j) {
      if ((placed >> j & 1) == 0 && candidates_[j].end < candidates_[i].begin) return false;
    }
    return true;
  }

  [[nodiscard]] std::optional<Value> after(const Candidate& candidate, const Value& state) const {
    const Op& invoke = *candidate.invoke;
    const Op* completion = candidate.completion;
    const bool ok = completion != nullptr && completion->type == OpType::kOk;
    if (invoke.f == "write") return invoke.value;
    if (invoke.f == "read") {
      const bool says_nothing =
          !ok || (completion->value.is_nil() && semantics_.nil_read == NilRead::kNothing);
      if (says_nothing || completion->value == state) return state;
      return std::nullopt;
    }
    const Value::List& pair = *invoke.value.as_list();
    if (completion != nullptr && completion->type == OpType::kFail) {
      if (state == pair[0]) return std::nullopt;
      const auto seen = completion->extra.find("seen");
      if (seen != completion->extra.end() && seen->second != state) return std::nullopt;
      return state;
    }
    if (state == pair[0]) return pair[1];
    if (ok) return std::nullopt;
    return state;
  }

  const RegisterSemantics& semantics_;
  std::vector<Candidate> candidates_;
  std::set<std::pair<unsigned, Value>> visited_;
};

}  // namespace

bool has_an_order(const History& history, const RegisterSemantics& semantics) {
  return AllOrders(history, semantics).from(0, semantics.initial);
}

}  // namespace ordeal::testing
