#include "sim/story.h"

#include <algorithm>

namespace ordeal::sim {
namespace {

constexpr Duration kLead = seconds(2);  ///< a few election timeouts

Story::Operation named(const WitnessStep& step, bool guilty) {
  Story::Operation operation;
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
void widen(const History& history, const Story::Operation& operation, Story& story) {
  const auto at = [&](std::int64_t position) {
    return MonotonicTime() + history[static_cast<std::size_t>(position)].time;
  };
  const MonotonicTime invoked = at(operation.invoke);
  story.from = std::min(story.from.value_or(invoked), invoked);
  story.to = std::max(story.to, invoked);
  if (!operation.complete) return;
  const Op& complete = history[static_cast<std::size_t>(*operation.complete)];
  if (complete.type != OpType::kInfo) story.to = std::max(story.to, at(*operation.complete));
}

void tell_witness(const History& history, const Witness& witness, Story& story) {
  for (const WitnessStep& step : witness.longest) story.operations.push_back(named(step, /*guilty=*/false));
  for (const WitnessStep& step : witness.stuck) story.operations.push_back(named(step, /*guilty=*/true));
  std::erase_if(story.operations, [&](const Story::Operation& operation) {
    const auto last = operation.complete.value_or(operation.invoke);
    return std::max(operation.invoke, last) >= static_cast<std::int64_t>(history.size());
  });
  if (story.operations.empty()) return;
  story.to = MonotonicTime();
  // Of the order only its last operation: the state that it left is what the guilty do not agree with.
  const Story::Operation* last = nullptr;
  for (const Story::Operation& operation : story.operations) {
    if (operation.guilty) widen(history, operation, story);
    if (!operation.guilty) last = &operation;
  }
  if (last != nullptr) widen(history, *last, story);
  story.from = std::max(MonotonicTime(), *story.from - kLead);
}

}  // namespace

Story story_of(const SimResult& result) {
  Story story;
  story.to = result.broken_at.value_or(MonotonicTime() + result.length);
  if (!result.bad()) return story;
  story.kind = result.kind;
  story.why = result.why;
  const Witness* witness = result.outcome == Outcome::kHistory ? first_witness(result) : nullptr;
  if (witness != nullptr) tell_witness(result.history, *witness, story);
  return story;
}

}  // namespace ordeal::sim
