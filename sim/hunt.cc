#include "sim/hunt.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ordeal::sim {
namespace {

/// "min 12, p10 40, median 90, p90 200, max 340".
std::string distribution(const std::map<std::uint64_t, std::uint64_t>& values, std::uint64_t total) {
  if (values.empty()) return "none";
  const auto quantile = [&](std::uint64_t percent) {
    std::uint64_t before = 0;
    for (const auto& [value, count] : values) {
      before += count;
      if (before * 100 >= total * percent) return value;
    }
    return values.rbegin()->first;
  };
  return fmt::format("min {}, p10 {}, median {}, p90 {}, max {}", values.begin()->first, quantile(10),
                     quantile(50), quantile(90), values.rbegin()->first);
}

/// The ranks, counted from 0, between which the median lies with 95 %: the largest k with
/// P(Binomial(n, 1/2) < k) <= 2.5 %, and its mirror image. With few hunts the whole range.
std::pair<std::size_t, std::size_t> median_ranks(std::size_t n) {
  // C(n, i) as shares of C(n, n/2): 2^n is beyond a double for a thousand hunts, and what becomes 0 far from
  // the middle would not count anyway.
  const std::size_t middle = n / 2;
  std::vector<double> share(middle + 1, 1.0);
  for (std::size_t i = middle; i > 0; --i)
    share[i - 1] = share[i] * static_cast<double>(i) / static_cast<double>(n - i + 1);
  double half = 0;  // of those below the middle; the others mirror them
  for (std::size_t i = 0; i < middle; ++i) half += share[i];
  const double all = 2 * half + (n % 2 == 0 ? 1 : 2);
  std::size_t k = 0;
  for (double below = share[0]; k < middle && below <= 0.025 * all; below += share[k]) ++k;
  const std::size_t low = k == 0 ? 0 : k - 1;
  return {low, n - 1 - low};
}

}  // namespace

void HuntTally::add(const SimResult& result) {
  ++seeds_;
  if (result.counts()) ++counted_;
  if (result.bad()) ++bad_;
  if (result.outcome == Outcome::kUnknown) ++unknown_;
  if (result.liveness_checked) ++live_;
  if (!result.bad() && !result.summary.vacuous.empty()) {
    ++vacuous_;
    if (first_vacuous_.empty())
      first_vacuous_ = fmt::format("seed {}: {}", result.seed, result.summary.vacuous.front());
  }
  if (result.outcome != Outcome::kGood) ++kinds_[fmt::format("{} {}", to_text(result.outcome), result.kind)];
  events_ += result.events;
  virtual_seconds_ += result.length.seconds();
  ++lengths_[static_cast<std::uint64_t>(result.length.seconds())];
  ++completed_[result.completed()];
  ++faults_[result.summary.progress.faults_verified];
  for (const Mark mark : result.marks) ++marks_[static_cast<std::size_t>(mark)];
}

std::string HuntTally::text(double wall_seconds) const {
  std::string text = fmt::format(
      "{} seeds, of which {} count (60 s, 500 operations, 3 faults); {} failed, {} unknown\n"
      "{:.0f} s virtual in {:.1f} s ({:.0f}x), {} events ({:.0f}/s)\n"
      "virtual seconds: {}\noperations ok: {}\nfaults in force: {}\n"
      "{} ended with a majority healed and asked to serve; {} ran twice, and took the same course\n",
      seeds_, counted_, bad_, unknown_, virtual_seconds_, wall_seconds, virtual_seconds_ / wall_seconds,
      events_, static_cast<double>(events_) / wall_seconds, distribution(lengths_, seeds_),
      distribution(completed_, seeds_), distribution(faults_, seeds_), live_, repeated_);
  for (const auto& [kind, count] : kinds_) text += fmt::format("{}: {} seeds\n", kind, count);
  for (std::size_t i = 0; i < kMarkCount; ++i) {
    const double share =
        seeds_ == 0 ? 0.0 : 100.0 * static_cast<double>(marks_[i]) / static_cast<double>(seeds_);
    text += fmt::format("{} {:7} {:5.1f}%  {}\n", marks_[i] == 0 ? "NEVER REACHED" : "reached      ",
                        marks_[i], share, to_text(static_cast<Mark>(i)));
  }
  return text;
}

void RunsUntilFound::add(std::uint64_t runs, double seconds, const std::optional<std::string>& by) {
  hunts_.push_back({runs, by.has_value()});
  seconds_.push_back(seconds);
  if (!by) return;
  ++found_;
  ++by_[*by];
}

std::string RunsUntilFound::text() const {
  if (hunts_.empty()) return "no hunts";
  std::vector<Hunt> sorted = hunts_;
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> seconds = seconds_;
  std::sort(seconds.begin(), seconds.end());
  const std::size_t n = sorted.size();
  const auto at = [&](std::size_t rank) {
    return fmt::format("{}{}", sorted[rank].found ? "" : ">", sorted[rank].runs);
  };
  const auto [low, high] = median_ranks(n);
  std::string text = fmt::format("{} of {}, runs median {} (95 % interval {} to {}), median {:.1f} s", found_,
                                 n, at((n - 1) / 2), at(low), at(high), seconds[(n - 1) / 2]);
  for (const auto& [by, count] : by_)
    text += fmt::format("{} {} {}", by == by_.begin()->first ? "; by" : ",", by, count);
  return text;
}

}  // namespace ordeal::sim
