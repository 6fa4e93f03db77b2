#include "bench/checkers/compare.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <sstream>

#include "bench/checkers/child.h"

namespace ordeal::bench {
namespace {

/// What one process said.
struct Measured {
  double first_ms = 0;               ///< of checking all files in the first pass
  std::optional<double> later_ms;    ///< the same of the fastest of the other passes
  double parse_ms = 0;               ///< of reading all files
  double peak_mb = 0;                ///< of the process
  std::vector<std::string> answers;  ///< one per file
};

struct Row {
  std::vector<Measured> rounds;
  std::string trouble;
};

/// The error says what is wrong with the lines.
Result<Measured> read_lines(const std::string& output, const Comparison& comparison) {
  std::vector<double> pass_ms(comparison.passes);
  Measured measured;
  measured.answers.resize(comparison.files.size());
  std::istringstream lines(output);
  std::size_t pass = 0;
  std::string verdict;
  std::int64_t check_ns = 0;
  std::int64_t parse_ns = 0;
  std::string path;
  std::size_t count = 0;
  while (lines >> pass >> verdict >> check_ns >> parse_ns >> path) {
    const std::size_t file = count++ % comparison.files.size();
    if (pass >= pass_ms.size() || path != comparison.files[file]) break;
    pass_ms[pass] += static_cast<double>(check_ns) / 1e6;
    if (pass == 0) measured.parse_ms += static_cast<double>(parse_ns) / 1e6;
    measured.answers[file] = verdict;
  }
  if (count != comparison.files.size() * comparison.passes)
    return Error{ErrorCode::kInternal, fmt::format("{} lines are missing or wrong",
                                                   comparison.files.size() * comparison.passes - count)};
  measured.first_ms = pass_ms[0];
  if (pass_ms.size() > 1) measured.later_ms = *std::min_element(pass_ms.begin() + 1, pass_ms.end());
  return measured;
}

void run_round(const Comparison& comparison, const Side& side, const Rounds& rounds, Row& row) {
  std::vector<std::string> command = side.program;
  command.push_back(comparison.model);
  command.push_back(std::to_string(comparison.passes));
  command.insert(command.end(), comparison.files.begin(), comparison.files.end());
  const Result<Finished> finished = run_program(command, rounds.seconds_max, rounds.log);
  if (!finished.ok()) {
    row.trouble = finished.error().message;
    return;
  }
  Result<Measured> measured = read_lines(finished->output, comparison);
  if (!measured.ok()) {
    row.trouble = measured.error().message;
    return;
  }
  measured->peak_mb = finished->peak_mb;
  row.rounds.push_back(*std::move(measured));
}

template <class Get>
double middle(const Row& row, const Get& get) {
  std::vector<double> values;
  for (const Measured& measured : row.rounds) values.push_back(get(measured));
  return median(values);
}

/// The middle of the rounds' own ratios.
template <class Get>
double ratio(const Row& row, const Row& ours, const Get& get) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(row.rounds.size(), ours.rounds.size()); ++i)
    ratios.push_back(get(row.rounds[i]) / get(ours.rounds[i]));
  return median(ratios);
}

double first_ms(const Measured& measured) {
  return measured.first_ms;
}
double later_ms(const Measured& measured) {
  return measured.later_ms.value_or(measured.first_ms);
}
double peak_mb(const Measured& measured) {
  return measured.peak_mb;
}

/// "24 valid, 79 invalid".
std::string count_answers(const Measured& measured) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& answer : measured.answers) ++counts[answer];
  std::string text;
  for (const char* verdict : {"valid", "invalid", "unknown"}) {
    if (counts[verdict] > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[verdict], verdict);
  }
  return text;
}

/// The files of which a side says something else than ours.
std::vector<std::size_t> find_differences(const Row& row, const Row& ours) {
  std::vector<std::size_t> differences;
  if (row.rounds.empty() || ours.rounds.empty()) return differences;
  for (std::size_t i = 0; i < ours.rounds[0].answers.size(); ++i) {
    if (row.rounds[0].answers[i] != ours.rounds[0].answers[i]) differences.push_back(i);
  }
  return differences;
}

void print_row(const Side& side, const Row& row, const Row& ours) {
  if (!row.trouble.empty()) {
    fmt::print("  {:<18} left out: {}\n", side.name, row.trouble);
    return;
  }
  const bool later = row.rounds[0].later_ms.has_value();
  fmt::print("  {:<18}{:>10.2f}{:>10}{:>10.1f}{:>9.1f}  {}", side.name, middle(row, first_ms),
             later ? fmt::format("{:.2f}", middle(row, later_ms)) : "-",
             middle(row, [](const Measured& measured) { return measured.parse_ms; }), middle(row, peak_mb),
             count_answers(row.rounds[0]));
  if (&row != &ours && !ours.rounds.empty()) {
    fmt::print(", {} differ\n  {:<18}{:>{}}{:>{}}{:>10}{:>{}}", find_differences(row, ours).size(),
               "  times ordeal", bold(times(ratio(row, ours, first_ms))), 10 + bold_width(),
               later ? bold(times(ratio(row, ours, later_ms))) : "-", later ? 10 + bold_width() : 10, "",
               bold(times(ratio(row, ours, peak_mb))), 9 + bold_width());
  }
  fmt::print("\n");
}

void print_differences(const Comparison& comparison, const Side& side, const Row& row, const Row& ours) {
  for (const std::size_t i : find_differences(row, ours)) {
    fmt::print("  {} says {}, ordeal {}: {}\n", side.name, row.rounds[0].answers[i],
               ours.rounds[0].answers[i], comparison.files[i]);
  }
}

}  // namespace

bool compare(const Comparison& comparison, const std::vector<Side>& sides, const Rounds& rounds) {
  fmt::print("\n{}: {} {}, {}\n", comparison.title, comparison.files.size(),
             comparison.files.size() == 1 ? "file" : "files",
             rounds.count == 1 ? "1 round" : fmt::format("median of {} rounds", rounds.count));
  std::fflush(stdout);
  std::vector<Row> rows(sides.size());
  for (std::uint32_t round = 0; round < rounds.count; ++round) {
    for (std::size_t i = 0; i < sides.size(); ++i) {
      if (rows[i].trouble.empty()) run_round(comparison, sides[i], rounds, rows[i]);
    }
  }
  fmt::print("  {:<18}{:>10}{:>10}{:>10}{:>9}\n", "", "check ms", "later ms", "parse ms", "peak MB");
  for (std::size_t i = 0; i < sides.size(); ++i) print_row(sides[i], rows[i], rows[0]);
  bool compared = false;
  for (std::size_t i = 1; i < sides.size(); ++i) {
    print_differences(comparison, sides[i], rows[i], rows[0]);
    compared |= rows[0].trouble.empty() && rows[i].trouble.empty();
  }
  std::fflush(stdout);
  return compared;
}

std::size_t bold_width() {
  return bold({}).size();
}

std::string bold(const std::string& text) {
  return isatty(STDOUT_FILENO) == 1 ? fmt::format("\033[1m{}\033[0m", text) : text;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string times(double ratio) {
  return ratio < 20 ? fmt::format("{:.1f}x", ratio) : fmt::format("{:.0f}x", ratio);
}

}  // namespace ordeal::bench
