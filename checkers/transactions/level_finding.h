#pragma once
// What a check of one consistency level says.

#include "checkers/checker.h"
#include "checkers/transactions/violation.h"

#include <optional>
#include <string>

namespace ordeal {

struct LevelFinding {
  Verdict verdict = Verdict::kValid;
  std::optional<Violation> violation;  ///< for invalid
  std::string why;                     ///< for unknown: what was spent
};

[[nodiscard]] inline LevelFinding level_violated(Violation violation) {
  return {.verdict = Verdict::kInvalid, .violation = std::move(violation), .why = {}};
}
[[nodiscard]] inline LevelFinding level_unknown(std::string why) {
  return {.verdict = Verdict::kUnknown, .violation = std::nullopt, .why = std::move(why)};
}

}  // namespace ordeal
