#include "controller/report/run_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace ordeal::report {
namespace {

constexpr std::array<std::string_view, 4> kVerdictWords = {"valid", "vacuous", "unknown", "invalid"};

bool any_is(const std::vector<Finding>& findings, Verdict verdict) {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Finding& finding) { return finding.verdict == verdict; });
}

/// The digits text[at, at + size) as a number, or none.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t size) {
  int number = 0;
  const char* end = text.data() + at + size;
  const auto [stop, error] = std::from_chars(text.data() + at, end, number);
  if (error != std::errc() || stop != end || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::string_view to_text(RunVerdict verdict) {
  return kVerdictWords.at(static_cast<std::size_t>(verdict));
}

std::optional<RunVerdict> parse_run_verdict(std::string_view text) {
  const auto it = std::find(kVerdictWords.begin(), kVerdictWords.end(), text);
  if (it == kVerdictWords.end()) return std::nullopt;
  return static_cast<RunVerdict>(it - kVerdictWords.begin());
}

int exit_code(RunVerdict verdict) {
  switch (verdict) {
    case RunVerdict::kValid:
      return 0;
    case RunVerdict::kInvalid:
      return 1;
    case RunVerdict::kVacuous:
    case RunVerdict::kUnknown:
      return 2;
  }
  return 2;
}

RunVerdict judge(const std::vector<Finding>& findings, const std::vector<std::string>& vacuous) {
  if (any_is(findings, Verdict::kInvalid)) return RunVerdict::kInvalid;
  if (findings.empty() || any_is(findings, Verdict::kUnknown)) return RunVerdict::kUnknown;
  return vacuous.empty() ? RunVerdict::kValid : RunVerdict::kVacuous;
}

OutcomeCounts count_outcomes(const History& history) {
  OutcomeCounts counts;
  for (const Op& op : history) {
    if (op.process == kNemesisProcess) continue;
    if (op.type == OpType::kInvoke) ++counts.invoked;
    if (op.type == OpType::kOk) ++counts.ok;
    if (op.type == OpType::kFail) ++counts.fail;
    if (op.type == OpType::kInfo) ++counts.info;
  }
  counts.open = counts.invoked - std::min(counts.invoked, counts.ok + counts.fail + counts.info);
  return counts;
}

std::string to_iso_text(WallTime time) {
  const std::time_t seconds = time.ns() / 1'000'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::optional<WallTime> parse_iso_text(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] != 'd' && text[i] != kShape[i]) return std::nullopt;
  }
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  std::tm utc{};
  utc.tm_year = *year - 1900;
  utc.tm_mon = *month - 1;
  utc.tm_mday = *day;
  utc.tm_hour = *hour;
  utc.tm_min = *minute;
  utc.tm_sec = *second;
  const WallTime time(static_cast<std::int64_t>(::timegm(&utc)) * 1'000'000'000);
  // timegm accepts the 31st of February and moves it: such a text was not written by us.
  if (to_iso_text(time) != text) return std::nullopt;
  return time;
}

}  // namespace ordeal::report
