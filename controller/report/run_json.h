#pragma once
// run.json and verdict.json as text, and back. Reading is strict about what a later step relies on (format,
// seed, verdict) and lenient about what is only shown, so that a run of an older build still opens.

#include "controller/report/run_info.h"

#include <string>
#include <string_view>

namespace ordeal::report {

[[nodiscard]] std::string print_run_info(const RunInfo& info);
/// kCorruption when the text is no JSON object of this format; the message says what was expected.
[[nodiscard]] Result<RunInfo> parse_run_info(std::string_view text);

[[nodiscard]] std::string print_verdict(const VerdictRecord& record);
/// As parse_run_info.
[[nodiscard]] Result<VerdictRecord> parse_verdict(std::string_view text);

}  // namespace ordeal::report
