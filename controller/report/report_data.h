#pragma once
// What the scripts of a report draw from, as JSON: typed columns in base64, so that a million numbers stay
// small and load fast, and a table of distinct texts.

#include "controller/report/digest.h"
#include "controller/report/faults.h"

#include <set>
#include <string>
#include <vector>

namespace ordeal::report {

struct ReportData {
  const History& history;
  const Digest& digest;
  const std::vector<FaultRecord>& faults;
  const std::vector<LeaderInterval>& leaders;
  const std::vector<std::size_t>& shown;  ///< positions in digest.operations
  const std::set<std::size_t>& guilty;    ///< positions of invocations
  std::uint32_t nodes = 0;
};

/// JSON, not yet safe inside HTML: see escape_script.
[[nodiscard]] std::string print_report_data(const ReportData& data);

}  // namespace ordeal::report
