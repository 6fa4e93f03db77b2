#include "tests/checkers/linearizability/brute_force.h"

#include <vector>

#include "tests/checkers/linearizability/any_order.h"

namespace ordeal::testing {
namespace {

std::vector<Value> read(const Value& answer, bool ok, const Value& state,
                        const RegisterSemantics& semantics) {
  const bool says_nothing = !ok || (answer.is_nil() && semantics.nil_read == NilRead::kNothing);
  return says_nothing || answer == state ? std::vector{state} : std::vector<Value>();
}

std::vector<Value> cas(const Op& invoke, const Op* completion, const Value& state) {
  const Value::List& pair = *invoke.value.as_list();
  if (completion != nullptr && completion->type == OpType::kFail) {
    if (state == pair[0]) return {};
    const auto seen = completion->extra.find("seen");
    if (seen != completion->extra.end() && seen->second != state) return {};
    return {state};
  }
  if (state == pair[0]) return {pair[1]};
  if (completion != nullptr && completion->type == OpType::kOk) return {};
  return {state};
}

}  // namespace

bool has_an_order(const History& history, const RegisterSemantics& semantics) {
  const auto effects = [&](const Op& invoke, const Op* completion, const Value& state) -> std::vector<Value> {
    const bool ok = completion != nullptr && completion->type == OpType::kOk;
    if (invoke.f == "write") return {invoke.value};
    if (invoke.f == "read") return read(ok ? completion->value : Value(), ok, state, semantics);
    return cas(invoke, completion, state);
  };
  const auto states_a_fact = [&](const Op& invoke, const Op& fail) {
    return invoke.f == "cas" && fail.error == "mismatch" && semantics.failed_cas == FailedCas::kFact;
  };
  return AnyOrder(history, effects, states_a_fact).exists(semantics.initial);
}

}  // namespace ordeal::testing
