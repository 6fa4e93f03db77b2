#pragma once
// The report of a run: one self-contained HTML file, made from plain data by a pure function. It opens
// without network, and every text that comes from the run is escaped; should an escape ever be missed, the
// page's content security policy names the hashes of our own scripts and nothing else runs.

#include "checkers/checker.h"
#include "controller/report/run_info.h"
#include "controller/run/run_loop.h"

#include <string>
#include <vector>

namespace ordeal::report {

struct ReportInput {
  std::string plan_text;  ///< the plan as executed (print_plan)
  RunInfo info;           ///< also who led when
  History history;
  std::vector<Finding> findings;
  RunSummary summary;
  std::string diagram;             ///< an SVG of the messages between nodes, from the simulator; empty: none
  std::vector<std::string> files;  ///< beside the report, relative: "nodes/n1/node.log"; shown as links
};

/// A page shows at most this many single operations; figures and plots count every one.
inline constexpr std::size_t kOperationsShownMax = 200'000;

/// kInvalidArgument when the history is not well-formed, with the rule it breaks.
[[nodiscard]] Result<std::string> render_report(const ReportInput& input,
                                                std::size_t operations_shown_max = kOperationsShownMax);

/// The verdict of the same input, for verdict.json and the exit code.
[[nodiscard]] VerdictRecord make_verdict(const ReportInput& input);

}  // namespace ordeal::report
