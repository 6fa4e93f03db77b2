#include "checkers/driver/driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <optional>
#include <thread>

#include "checkers/consistency/consistency.h"
#include "checkers/driver/models.h"
#include "checkers/driver/read_file.h"
#include "checkers/formats/jsonl_table.h"
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

Finding check_keys(const KeyedChecker& checker, const HistoryTable& history, Budget budget,
                   unsigned threads) {
  const std::vector<KeySlice> slices = split_by_key(history);
  std::vector<KeyFinding> findings(slices.size());
  budget.bytes_max /= std::clamp<std::uint64_t>(slices.size(), 1, threads);
  for_each_on_threads(by_size(slices), threads,
                      [&](std::size_t i) { findings[i] = checker.check_key(history, slices[i], budget); });
  return checker.combine(slices, findings);
}

/// Limits as a budget that begins to run now.
class BudgetClock {
 public:
  explicit BudgetClock(const CheckLimits& limits) : limits_(limits), start_(Clock::now()) {}

  [[nodiscard]] Budget budget() const {
    return {.steps_max = limits_.steps_max, .bytes_max = limits_.memory_bytes, .stop = [this] {
              return is_over();
            }};
  }
  /// Says that time was the reason, if it was.
  void explain(Finding& finding) const {
    if (finding.verdict == Verdict::kUnknown && late_) {
      finding.why += fmt::format(" (the time limit of {} s was reached)", limits_.seconds);
    }
  }

 private:
  [[nodiscard]] bool is_over() const {
    if (limits_.stop && limits_.stop()) return true;
    if (limits_.seconds <= 0 || seconds_since(start_) < limits_.seconds) return false;
    late_ = true;
    return true;
  }

  const CheckLimits& limits_;
  const Clock::time_point start_;
  mutable std::atomic<bool> late_ = false;
};

}  // namespace

Verdict CheckReport::verdict() const {
  Verdict verdict = findings.empty() ? Verdict::kUnknown : Verdict::kValid;
  for (const Finding& finding : findings) verdict = worst(verdict, finding.verdict);
  return verdict;
}

std::vector<Finding> check_history(const HistoryTable& history,
                                   const std::vector<std::unique_ptr<Checker>>& checkers,
                                   const CheckLimits& limits) {
  const BudgetClock clock(limits);
  std::vector<Finding> findings;
  for (const std::unique_ptr<Checker>& checker : checkers) {
    const auto* keyed = dynamic_cast<const KeyedChecker*>(checker.get());
    findings.push_back(keyed != nullptr ? check_keys(*keyed, history, clock.budget(), thread_count(limits))
                                        : checker->check(history, clock.budget()));
    clock.explain(findings.back());
  }
  return findings;
}

namespace {

/// Reads a file into columns. Lines of our own format never exist as text all at once; other formats are read
/// whole.
class HistoryLoader {
 public:
  HistoryLoader(const std::string& path, const CheckOptions& options, CheckReport& report)
      : path_(path),
        memory_max_(options.limits.memory_bytes),
        format_name_(options.format),
        report_(report) {}

  Status load() {
    if (!format_name_.empty()) {
      const Result<HistoryFormat> format = parse_format_name(format_name_);
      if (!format.ok()) return format.error();
      report_.format = *format;
      known_ = true;
    }
    std::error_code ignored;  // Ignored: what cannot be asked about is no folder.
    if (std::filesystem::is_directory(path_, ignored) && known_ && is_folder_format(report_.format))
      return load_folder();
    if (Status read = stream_history_file(path_, [this](std::string_view piece) { return take(piece); });
        !read.ok()) {
      return read;
    }
    if (!known_) return take({});
    return finish();
  }

 private:
  Status take(std::string_view piece) {
    if (!known_) {
      const std::optional<HistoryFormat> format = detect_format(piece);
      if (!format) {
        return invalid_argument(
            fmt::format("{}: looks like no history format that is known; say which with --format", path_));
      }
      report_.format = *format;
      known_ = true;
    }
    if (report_.format != HistoryFormat::kJsonl) {
      text_ += piece;
      return text_.size() > memory_max_ ? too_large() : Status();
    }
    if (!lines_) lines_.emplace(plain_file_size(path_));
    if (Status fed = lines_->feed(piece); !fed.ok()) return about_file(fed.error());
    return lines_->bytes() > memory_max_ ? too_large() : Status();
  }

  /// Files that are no part of the history are not read.
  Status load_folder() {
    const Result<std::vector<std::string>> names = list_folder(path_);
    if (!names.ok()) return names.error();
    std::vector<std::string> texts;
    std::vector<std::string> parts;
    std::uint64_t size = 0;
    for (const std::string& name : *names) {
      if (!is_part_of_folder(report_.format, name)) continue;
      parts.push_back(name);
      std::string& text = texts.emplace_back();
      const auto take_piece = [&](std::string_view piece) {
        text += piece;
        size += piece.size();
        return size > memory_max_ ? too_large() : Status();
      };
      if (Status read = stream_history_file(path_ + "/" + name, take_piece); !read.ok()) return read;
    }
    if (parts.empty())
      return invalid_argument(
          fmt::format("{}: the folder has no file of the format {}", path_, format_name_));
    std::vector<NamedBytes> files;
    for (std::size_t i = 0; i < parts.size(); ++i) files.push_back({.name = parts[i], .bytes = texts[i]});
    return has_bare_transactions(report_.format) ? keep(parse_transactions(files, report_.format))
                                                 : keep(parse_history(files, report_.format));
  }

  Status finish() {
    if (report_.format == HistoryFormat::kJsonl) {
      ParsedTable parsed = lines_ ? std::move(*lines_).finish() : ParsedTable();
      report_.history = std::move(parsed.table);
      report_.notes = std::move(parsed.notes);
      return {};
    }
    return has_bare_transactions(report_.format) ? keep(parse_transactions(text_, report_.format))
                                                 : keep(parse_history(text_, report_.format));
  }

  Status keep(Result<ParsedTransactions> parsed) {
    if (!parsed.ok()) return about_file(parsed.error());
    report_.transactions = std::move(parsed->table);
    report_.notes = std::move(parsed->notes);
    return {};
  }
  Status keep(Result<ParsedHistory> parsed) {
    if (!parsed.ok()) return about_file(parsed.error());
    report_.history = HistoryTable(parsed->history);
    report_.notes = std::move(parsed->notes);
    return {};
  }

  [[nodiscard]] Error about_file(const Error& error) const {
    return {error.code, fmt::format("{}: {}", path_, error.message)};
  }
  [[nodiscard]] Status too_large() const {
    return Error{
        ErrorCode::kResourceExhausted,
        fmt::format("{}: takes more than {} bytes; raise the memory limit, or split the history by key",
                    path_, memory_max_)};
  }

  const std::string& path_;
  const std::uint64_t memory_max_;
  const std::string& format_name_;
  CheckReport& report_;
  bool known_ = false;  ///< the format
  std::optional<JsonlTableReader> lines_;
  std::string text_;
};

Result<std::vector<Finding>> check_loaded(const CheckReport& report, const CheckLimits& limits) {
  Result<std::unique_ptr<Checker>> checker = make_model_checker(report.model);
  if (!checker.ok()) return checker.error();
  if (report.transactions ? report.operations == 0 : report.history.empty()) {
    return std::vector<Finding>{{.checker = std::string((*checker)->name()),
                                 .verdict = Verdict::kUnknown,
                                 .why = "the file has no operations: nothing was checked",
                                 .witnesses = {},
                                 .details = {}}};
  }
  if (report.transactions) {
    const BudgetClock clock(limits);
    std::optional<Finding> finding = check_register_level(report.model, *report.transactions, clock.budget());
    if (!finding) {
      return invalid_argument(
          fmt::format("model \"{}\" needs a history with times; of transactions alone, as {} has "
                      "them, give a level such as causal-convergence",
                      report.model, to_text(report.format)));
    }
    clock.explain(*finding);
    return std::vector<Finding>{*std::move(finding)};
  }
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(*std::move(checker));
  return check_history(report.history, checkers, limits);
}

}  // namespace

Result<CheckReport> load_file(const std::string& path, const CheckOptions& options) {
  const Clock::time_point start = Clock::now();
  CheckReport report;
  if (Status loaded = HistoryLoader(path, options, report).load(); !loaded.ok()) return loaded.error();
  report.model = options.model.empty() ? std::string(usual_model(report.format)) : options.model;
  if (const Status status = report.history.check_well_formed(); !status.ok()) {
    const std::string_view counted =
        report.format == HistoryFormat::kJsonl ? " (operation N is on line N + 1)" : " (counted from 0)";
    return Error{status.error().code, fmt::format("{}: {}{}", path, status.error().message, counted)};
  }
  report.operations =
      report.transactions ? report.transactions->access_count() : report.history.operations().size();
  report.seconds_reading = seconds_since(start);
  report.seconds = report.seconds_reading;
  return report;
}

Result<CheckReport> check_file(const std::string& path, const CheckOptions& options) {
  const Clock::time_point start = Clock::now();
  // What is wrong with the command is said before a large file is read.
  if (!options.model.empty()) {
    if (const auto known = make_model_checker(options.model); !known.ok()) return known.error();
  }
  Result<CheckReport> report = load_file(path, options);
  if (!report.ok()) return report;
  Result<std::vector<Finding>> findings = check_loaded(*report, options.limits);
  if (!findings.ok()) return findings.error();
  report->findings = *std::move(findings);
  report->seconds = seconds_since(start);
  return report;
}

}  // namespace ordeal
