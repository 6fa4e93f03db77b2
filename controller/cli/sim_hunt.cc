#include "controller/cli/sim_hunt.h"

#include "sim/simulation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

namespace ordeal::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kProgressSeconds = 1.0;

class Hunt {
 public:
  Hunt(const SimCommandOptions& options, const Plan& given, SeedRange seeds)
      : options_(options), given_(given), seeds_(seeds), next_(0), begin_(Clock::now()) {}

  HuntResult run() {
    const std::uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
    const std::uint64_t seeds = std::max<std::uint64_t>(1, seeds_.last - seeds_.first);
    const std::uint64_t jobs = std::min<std::uint64_t>(seeds, options_.jobs == 0 ? cores : options_.jobs);
    std::vector<std::thread> workers;
    for (std::uint64_t i = 1; i < jobs; ++i) workers.emplace_back([this] { work(); });
    work();
    for (std::thread& worker : workers) worker.join();
    result_.wall_seconds = elapsed();
    if (shown_) fmt::print(stderr, "\r\033[K");
    return std::move(result_);
  }

 private:
  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(Clock::now() - begin_).count();
  }

  void work() {
    while (!stop_) {
      const std::uint64_t number = next_++;
      if (number > seeds_.last - seeds_.first) return;
      const std::uint64_t seed = seeds_.first + number;
      if (options_.budget_seconds > 0 && elapsed() > options_.budget_seconds) return;
      auto result = sim::simulate(plan_of(options_, given_, seed), seed, {});
      const std::lock_guard lock(mutex_);
      if (result.ok()) {
        take(*result);
      } else {
        result_.refused = result.error();
        stop_ = true;
      }
    }
  }

  void take(const sim::SimResult& result) {
    result_.tally.add(result);
    if (result.outcome != sim::Outcome::kGood && !options_.quiet) {
      if (shown_) fmt::print(stderr, "\r\033[K");
      fmt::print("seed {}: {}: {}: {}\n", result.seed, to_text(result.outcome), result.kind, result.why);
      std::fflush(stdout);
    }
    if (result.bad()) {
      if (!result_.first_bad) {
        result_.first_bad = result.seed;
        result_.first_kind = fmt::format("{} {}", to_text(result.outcome), result.kind);
      }
      stop_ = stop_ || !options_.keep_going;
    }
    show_progress();
  }

  /// One line, when somebody is looking.
  void show_progress() {
    if (options_.quiet || isatty(STDERR_FILENO) == 0 || elapsed() < next_show_) return;
    next_show_ = elapsed() + kProgressSeconds;
    shown_ = true;
    fmt::print(stderr, "\r\033[K{} seeds, {} count, {} failed, {:.0f} s", result_.tally.seeds(),
               result_.tally.counted(), result_.tally.bad(), elapsed());
  }

  const SimCommandOptions& options_;
  const Plan& given_;
  const SeedRange seeds_;
  std::atomic<std::uint64_t> next_;
  std::atomic<bool> stop_ = false;
  const Clock::time_point begin_;
  std::mutex mutex_;
  HuntResult result_;     // guarded by mutex_
  double next_show_ = 0;  // guarded by mutex_
  bool shown_ = false;    // guarded by mutex_
};

}  // namespace

HuntResult run_hunt_over(const SimCommandOptions& options, const Plan& given, SeedRange seeds) {
  return Hunt(options, given, seeds).run();
}

}  // namespace ordeal::cli
