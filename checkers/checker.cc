#include "checkers/checker.h"

#include <algorithm>
#include <utility>

namespace ordeal {
namespace {

Value position_value(std::size_t position) {
  return static_cast<std::int64_t>(position);
}

Value steps_value(const std::vector<WitnessStep>& steps) {
  Value::List out;
  for (const WitnessStep& step : steps) {
    Value::Map item{{"invoke", position_value(step.invoke)}, {"text", step.text}};
    if (step.complete) item["complete"] = position_value(*step.complete);
    out.emplace_back(std::move(item));
  }
  return out;
}

}  // namespace

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

Value to_value(const Finding& finding) {
  Value::List witnesses;
  for (const Witness& witness : finding.witnesses) {
    witnesses.emplace_back(Value::Map{{"key", witness.key},
                                      {"longest", steps_value(witness.longest)},
                                      {"state", witness.state},
                                      {"stuck", steps_value(witness.stuck)}});
  }
  return Value::Map{{"checker", finding.checker},
                    {"verdict", to_text(finding.verdict)},
                    {"why", finding.why},
                    {"witnesses", std::move(witnesses)},
                    {"details", finding.details}};
}

}  // namespace ordeal
