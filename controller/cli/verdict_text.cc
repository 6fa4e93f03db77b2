#include "controller/cli/verdict_text.h"

#include <fmt/format.h>

namespace ordeal::cli {
namespace {

constexpr std::size_t kStepsShownMax = 8;

void append_steps(std::string& out, const std::vector<WitnessStep>& steps) {
  const std::size_t skipped = steps.size() > kStepsShownMax ? steps.size() - kStepsShownMax : 0;
  if (skipped > 0) out += fmt::format("    ({} more before)\n", skipped);
  for (std::size_t i = skipped; i < steps.size(); ++i) {
    out += fmt::format("    [{}] {}\n", steps[i].invoke, steps[i].text);
  }
}

}  // namespace

std::string finding_text(const Finding& finding) {
  std::string out = fmt::format("{}: {}", finding.checker, to_text(finding.verdict));
  if (!finding.why.empty()) out += " - " + finding.why;
  out += '\n';
  for (const Witness& witness : finding.witnesses) {
    if (witness.longest.empty() && witness.state.empty()) {
      out += "  these cannot all be:\n";
      append_steps(out, witness.stuck);
      continue;
    }
    out += fmt::format("  key {}: the longest order that explains the answers ends with\n",
                       to_text(witness.key));
    append_steps(out, witness.longest);
    out += fmt::format("  then {}, and none of these leads further:\n", witness.state);
    append_steps(out, witness.stuck);
  }
  return out;
}

}  // namespace ordeal::cli
