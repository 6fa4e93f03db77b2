// Checks histories in files, and one that is made here: check_files FILE...

#include "checkers/driver/driver.h"
#include "checkers/driver/models.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

void print(const std::string& what, const ordeal::Finding& finding) {
  std::cout << what << ": " << ordeal::to_text(finding.verdict) << '\n';
  if (finding.verdict != ordeal::Verdict::kValid) std::cout << "  " << finding.why << '\n';
  for (const ordeal::Witness& witness : finding.witnesses) {
    for (const ordeal::WitnessStep& step : witness.stuck)
      std::cout << "  [" << step.invoke << "] " << step.text << '\n';
  }
}

bool check_one_file(const std::string& path) {
  ordeal::CheckOptions options;
  options.model = "register";
  options.limits.seconds = 10;
  const ordeal::Result<ordeal::CheckReport> report = ordeal::check_file(path, options);
  if (!report.ok()) {
    std::cerr << report.error().message << '\n';
    return false;
  }
  print(path, report->findings.front());
  return true;
}

/// Two clients hold one lock.
ordeal::History two_holders() {
  ordeal::History history;
  for (const std::int64_t process : {1, 2}) {
    for (const ordeal::OpType type : {ordeal::OpType::kInvoke, ordeal::OpType::kOk}) {
      ordeal::Op op;
      op.index = static_cast<std::int64_t>(history.size());
      op.time = ordeal::milliseconds(op.index);
      op.process = ordeal::ProcessId(process);
      op.type = type;
      op.f = "acquire";
      op.key = "lock";
      history.push_back(op);
    }
  }
  return history;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (!check_one_file(argv[i])) return 1;
  }
  std::vector<std::unique_ptr<ordeal::Checker>> checkers;
  checkers.push_back(ordeal::make_model_checker("mutex").value());
  print("two holders", ordeal::check_history(two_holders(), checkers, {}).front());
}
