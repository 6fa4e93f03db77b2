#include "sim/excerpt.h"

#include <algorithm>

namespace ordeal::sim {
namespace {

constexpr Duration kLead = seconds(2);  ///< a few election timeouts

Excerpt::Operation named(const WitnessStep& step, bool guilty) {
  Excerpt::Operation operation;
  operation.invoke = static_cast<std::int64_t>(step.invoke);
  if (step.complete) operation.complete = static_cast<std::int64_t>(*step.complete);
  operation.guilty = guilty;
  return operation;
}

const Witness* first_witness(const SimResult& result) {
  for (const Finding& finding : result.findings) {
    if (finding.verdict != Verdict::kInvalid || finding.checker != result.kind) continue;
    return finding.witnesses.empty() ? nullptr : &finding.witnesses.front();
  }
  return nullptr;
}

/// From the invocation to the answer. An operation of unknown outcome shows nothing by how it ended.
void widen(const History& history, const Excerpt::Operation& operation, Excerpt& excerpt) {
  const auto at = [&](std::int64_t position) {
    return MonotonicTime() + history[static_cast<std::size_t>(position)].time;
  };
  const MonotonicTime invoked = at(operation.invoke);
  excerpt.from = std::min(excerpt.from.value_or(invoked), invoked);
  excerpt.to = std::max(excerpt.to, invoked);
  if (!operation.complete) return;
  const Op& complete = history[static_cast<std::size_t>(*operation.complete)];
  if (complete.type != OpType::kInfo) excerpt.to = std::max(excerpt.to, at(*operation.complete));
}

void tell_witness(const History& history, const Witness& witness, Excerpt& excerpt) {
  for (const WitnessStep& step : witness.longest) excerpt.operations.push_back(named(step, /*guilty=*/false));
  for (const WitnessStep& step : witness.stuck) excerpt.operations.push_back(named(step, /*guilty=*/true));
  std::erase_if(excerpt.operations, [&](const Excerpt::Operation& operation) {
    const auto last = operation.complete.value_or(operation.invoke);
    return std::max(operation.invoke, last) >= static_cast<std::int64_t>(history.size());
  });
  if (excerpt.operations.empty()) return;
  excerpt.to = MonotonicTime();
  // Of the order only its last operation: the state that it left is what the guilty do not agree with.
  const Excerpt::Operation* last = nullptr;
  for (const Excerpt::Operation& operation : excerpt.operations) {
    if (operation.guilty) widen(history, operation, excerpt);
    if (!operation.guilty) last = &operation;
  }
  if (last != nullptr) widen(history, *last, excerpt);
  excerpt.from = std::max(MonotonicTime(), *excerpt.from - kLead);
}

}  // namespace

Excerpt excerpt_of(const SimResult& result) {
  Excerpt excerpt;
  excerpt.to = result.broken_at.value_or(MonotonicTime() + result.length);
  if (!result.bad()) return excerpt;
  excerpt.kind = result.kind;
  excerpt.why = result.why;
  const Witness* witness = result.outcome == Outcome::kHistory ? first_witness(result) : nullptr;
  if (witness != nullptr) tell_witness(result.history, *witness, excerpt);
  return excerpt;
}

}  // namespace ordeal::sim
