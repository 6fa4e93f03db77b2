#pragma once
// Which runs a list shows and in which order, from the query part of a URL, so that it works without scripts.

#include "controller/report/store.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::report {

enum class RunOrder : std::uint8_t { kTime, kName, kVerdict, kDuration, kOperations };

struct RunQuery {
  std::string text;  ///< words that must all occur in what is shown of a run; case does not matter
  RunOrder order = RunOrder::kTime;
  bool descending = true;
  std::size_t page = 1;
};

inline constexpr std::size_t kRunsPerPage = 50;

/// "q=raft+invalid&sort=ops&order=asc&page=2". What is not understood keeps its default.
[[nodiscard]] RunQuery parse_run_query(std::string_view query);
/// The inverse, percent-encoded; defaults are left out.
[[nodiscard]] std::string print_run_query(const RunQuery& query);
/// "time", "name", "verdict", "duration", "ops".
[[nodiscard]] std::string_view to_text(RunOrder order);

/// Filters and sorts; runs that are equal in the order keep newest first. Not yet cut to a page.
[[nodiscard]] std::vector<RunEntry> select_runs(std::vector<RunEntry> runs, const RunQuery& query);

/// "valid", ..., or the state of a run that has no verdict: "running", "interrupted".
[[nodiscard]] std::string_view outcome_word(const RunEntry& entry);

/// Percent-decoding; with `plus`, a + is a space. None when a percent sign is not followed by two hex digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus);
/// All but the unreserved characters of RFC 3986, 2.3, and slashes.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace ordeal::report
