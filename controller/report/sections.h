#pragma once
// The parts of a report that are plain HTML: they need no script, and say in words and tables what the
// pictures show.

#include "controller/report/digest.h"
#include "controller/report/faults.h"
#include "controller/report/report.h"

#include <string>
#include <vector>

namespace ordeal::report {

/// Everything the sections are made of, worked out once.
struct ReportFacts {
  const ReportInput& input;
  const VerdictRecord& verdict;
  const Digest& digest;
  const std::vector<FaultRecord>& faults;
  std::size_t shown = 0;  ///< operations that the pictures show one by one
};

[[nodiscard]] std::string verdict_section(const ReportFacts& facts);
[[nodiscard]] std::string violation_section(const ReportFacts& facts);
/// Empty when there is no diagram.
[[nodiscard]] std::string messages_section(const ReportFacts& facts);
[[nodiscard]] std::string timeline_section(const ReportFacts& facts);
[[nodiscard]] std::string latency_section(const ReportFacts& facts);
[[nodiscard]] std::string leaders_section(const ReportFacts& facts);
[[nodiscard]] std::string faults_section(const ReportFacts& facts);
[[nodiscard]] std::string checks_section(const ReportFacts& facts);
[[nodiscard]] std::string machine_section(const ReportFacts& facts);
[[nodiscard]] std::string plan_section(const ReportFacts& facts);

}  // namespace ordeal::report
