#include "checkers/checker.h"

#include <algorithm>

namespace ordeal {

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kValid:
      return "valid";
    case Verdict::kUnknown:
      return "unknown";
    case Verdict::kInvalid:
      return "invalid";
  }
  return "unknown";
}

Verdict worst(Verdict a, Verdict b) {
  return std::max(a, b);
}

}  // namespace ordeal
