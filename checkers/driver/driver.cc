#include "checkers/driver/driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

#include "checkers/driver/models.h"
#include "checkers/driver/read_file.h"
#include "checkers/keyed_checker.h"

namespace ordeal {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

unsigned thread_count(const CheckLimits& limits) {
  if (limits.threads > 0) return limits.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Runs `work(i)` for each i below `count`; several at once. `order` says which are begun first.
void for_each_on_threads(const std::vector<std::size_t>& order, unsigned threads,
                         const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto loop = [&] {
    for (std::size_t i = next++; i < order.size(); i = next++) work(order[i]);
  };
  std::vector<std::thread> others;
  const std::size_t useful = std::min<std::size_t>(threads, order.size());
  for (std::size_t i = 1; i < useful; ++i) others.emplace_back(loop);
  loop();
  for (std::thread& thread : others) thread.join();
}

/// The largest first: a large key that begins last would keep the other cores waiting.
std::vector<std::size_t> by_size(const std::vector<KeySlice>& slices) {
  std::vector<std::size_t> order(slices.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return slices[a].operations.size() > slices[b].operations.size();
  });
  return order;
}

Finding check_keys(const KeyedChecker& checker, const History& history, Budget budget, unsigned threads) {
  const std::vector<KeySlice> slices = split_by_key(history);
  std::vector<KeyFinding> findings(slices.size());
  budget.bytes_max /= std::clamp<std::uint64_t>(slices.size(), 1, threads);
  for_each_on_threads(by_size(slices), threads,
                      [&](std::size_t i) { findings[i] = checker.check_key(history, slices[i], budget); });
  return checker.combine(slices, findings);
}

}  // namespace

Verdict CheckReport::verdict() const {
  Verdict verdict = findings.empty() ? Verdict::kUnknown : Verdict::kValid;
  for (const Finding& finding : findings) verdict = worst(verdict, finding.verdict);
  return verdict;
}

std::vector<Finding> check_history(const History& history,
                                   const std::vector<std::unique_ptr<Checker>>& checkers,
                                   const CheckLimits& limits) {
  const Clock::time_point start = Clock::now();
  std::atomic<bool> late = false;
  Budget budget{.steps_max = limits.steps_max, .bytes_max = limits.memory_bytes, .stop = {}};
  budget.stop = [&] {
    if (limits.stop && limits.stop()) return true;
    if (limits.seconds <= 0 || seconds_since(start) < limits.seconds) return false;
    late = true;
    return true;
  };
  std::vector<Finding> findings;
  for (const std::unique_ptr<Checker>& checker : checkers) {
    const auto* keyed = dynamic_cast<const KeyedChecker*>(checker.get());
    Finding finding = keyed != nullptr ? check_keys(*keyed, history, budget, thread_count(limits))
                                       : checker->check(history, budget);
    if (finding.verdict == Verdict::kUnknown && late) {
      finding.why += fmt::format(" (the time limit of {} s was reached)", limits.seconds);
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

Result<CheckReport> check_file(const std::string& path, const CheckOptions& options) {
  const Clock::time_point start = Clock::now();
  const Result<std::string> text = read_history_file(path, options.limits.memory_bytes);
  if (!text.ok()) return text.error();
  CheckReport report;
  if (!options.format.empty()) {
    const Result<HistoryFormat> format = parse_format_name(options.format);
    if (!format.ok()) return format.error();
    report.format = *format;
  } else if (const std::optional<HistoryFormat> format = detect_format(*text)) {
    report.format = *format;
  } else {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("{}: looks like no history format that is known; say which with --format", path)};
  }
  report.model = options.model.empty() ? std::string(usual_model(report.format)) : options.model;
  Result<std::unique_ptr<Checker>> checker = make_model_checker(report.model);
  if (!checker.ok()) return checker.error();
  Result<ParsedHistory> parsed = parse_history(*text, report.format);
  if (!parsed.ok()) return Error{parsed.error().code, fmt::format("{}: {}", path, parsed.error().message)};
  if (const Status status = check_well_formed(parsed->history); !status.ok()) {
    const std::string_view counted =
        report.format == HistoryFormat::kJsonl ? " (operation N is on line N + 1)" : " (counted from 0)";
    return Error{status.error().code, fmt::format("{}: {}{}", path, status.error().message, counted)};
  }
  report.history = std::move(parsed->history);
  report.notes = std::move(parsed->notes);
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(*std::move(checker));
  report.findings = check_history(report.history, checkers, options.limits);
  if (report.history.empty()) {
    report.findings = {{.checker = std::string(checkers.front()->name()),
                        .verdict = Verdict::kUnknown,
                        .why = "the file has no operations: nothing was checked",
                        .witnesses = {},
                        .details = {}}};
  }
  report.seconds = seconds_since(start);
  return report;
}

}  // namespace ordeal
