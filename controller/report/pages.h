#pragma once
// The pages of `ordeal serve` and its metrics, as pure text from what the store says. No scripts.

#include "controller/report/run_query.h"
#include "controller/run/run_loop.h"

#include <string>
#include <vector>

namespace ordeal::report {

/// `runs` is what select_runs gave; `total` counts the runs of the store.
[[nodiscard]] std::string list_page(const std::vector<RunEntry>& runs, std::size_t total,
                                    const RunQuery& query);

/// `live` is what the run says of itself while it goes on.
[[nodiscard]] std::string run_page(const RunEntry& entry, const std::vector<RunFile>& files,
                                   const std::optional<RunProgress>& live);

[[nodiscard]] std::string error_page(int status, std::string_view message);

/// Prometheus text format 0.0.4. `runs` newest first.
[[nodiscard]] std::string metrics_text(const std::vector<RunEntry>& runs);

}  // namespace ordeal::report
