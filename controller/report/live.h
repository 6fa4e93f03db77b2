#pragma once
// live.json: what a run that goes on says of itself about every second, for `ordeal serve`.

#include "controller/report/run_info.h"
#include "controller/run/run_loop.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace ordeal::report {

/// Replaces live.json in the run's directory. Call it about every second while the run goes on: one that is
/// older than kLiveFor is taken for that of a killed controller.
[[nodiscard]] Status write_live(const std::filesystem::path& run, const RunProgress& progress);
/// Takes live.json away at the run's end. An absent one is fine.
void remove_live(const std::filesystem::path& run);

[[nodiscard]] std::string print_live(const RunProgress& progress);
[[nodiscard]] Result<RunProgress> parse_live(std::string_view text);

}  // namespace ordeal::report
