#include "common/kv_api.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::kv {

bool Command::read_only() const {
  return std::all_of(steps.begin(), steps.end(),
                     [](const Step& step) { return step.kind == StepKind::kGet; });
}

std::string_view to_text(StepKind kind) {
  switch (kind) {
    case StepKind::kGet:
      return "get";
    case StepKind::kPut:
      return "put";
    case StepKind::kDelete:
      return "delete";
    case StepKind::kCas:
      return "cas";
    case StepKind::kAppend:
      return "append";
  }
  return "get";
}

std::optional<StepKind> parse_step_kind(std::string_view text) {
  for (const StepKind kind :
       {StepKind::kGet, StepKind::kPut, StepKind::kDelete, StepKind::kCas, StepKind::kAppend}) {
    if (text == to_text(kind)) return kind;
  }
  return std::nullopt;
}

std::optional<std::string> find_fault(const Command& command) {
  if (command.steps.empty()) return "the command has no steps";
  if (command.steps.size() > kStepsMax) {
    return fmt::format("{} steps, at most {} are allowed", command.steps.size(), kStepsMax);
  }
  for (const Step& step : command.steps) {
    if (step.key.empty()) return "a key is empty";
    if (step.key.size() > kKeySizeMax) {
      return fmt::format("a key has {} bytes, at most {} are allowed", step.key.size(), kKeySizeMax);
    }
    const std::size_t size = std::max(step.value.size(), step.expected ? step.expected->size() : 0);
    if (size > kValueSizeMax)
      return fmt::format("a value has {} bytes, at most {} are allowed", size, kValueSizeMax);
  }
  return std::nullopt;
}

}  // namespace ordeal::kv
