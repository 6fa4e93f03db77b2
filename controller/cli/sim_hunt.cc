#include "controller/cli/sim_hunt.h"

#include "controller/cli/interrupt.h"
#include "sim/shrink.h"
#include "sim/simulation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <latch>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace ordeal::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kProgressSeconds = 1.0;
/// One seed in so many runs twice: a run that depends on anything but its plan and seed proves nothing.
constexpr std::uint64_t kRepeatEvery = 50;

class Hunt {
 public:
  Hunt(const SimCommandOptions& options, const Plan& given, SeedRange seeds)
      : options_(options),
        given_(given),
        seeds_(seeds),
        budget_(options.budget_seconds.value_or(0)),
        next_(0),
        begin_(Clock::now()),
        cpu_begin_(processor_seconds()) {}

  HuntResult run() {
    std::uint64_t jobs = options_.jobs.value_or(0);
    if (jobs == 0) jobs = std::max(1U, std::thread::hardware_concurrency());
    // This thread is one of them, and takes the first seed.
    const std::uint64_t helpers = std::min(jobs - 1, seeds_.last - seeds_.first);
    std::vector<std::thread> workers;
    if (const Status status = start(helpers, workers); !status.ok()) {
      result_.refused =
          Error{status.error().code, fmt::format("{} (--jobs is {})", status.error().message, jobs)};
      stop_ = true;
    }
    all_there_.count_down();
    work();
    for (std::thread& worker : workers) worker.join();
    result_.seconds = spent();
    std::sort(result_.traces.begin(), result_.traces.end(),
              [](const SeedTrace& a, const SeedTrace& b) { return a.seed < b.seed; });
    if (shown_) fmt::print(stderr, "\r\033[K");
    return std::move(result_);
  }

 private:
  /// None begins before all are there: a machine that is too small for so many should say so at once, and not
  /// in the middle of a run.
  Status start(std::uint64_t count, std::vector<std::thread>& workers) {
    try {
      while (workers.size() < count)
        workers.emplace_back([this] {
          all_there_.wait();
          work();
        });
      return {};
    } catch (const std::system_error& error) {
      return Error{ErrorCode::kResourceExhausted,
                   fmt::format("this machine gives {} threads and not one more: {}; give a smaller --jobs",
                               workers.size() + 1, error.what())};
    }
  }

  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(Clock::now() - begin_).count();
  }

  static double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }
  /// Campaigns say how much work a bug takes to be found, whatever else the machine does.
  [[nodiscard]] double spent() const {
    return options_.campaigns ? processor_seconds() - cpu_begin_ : elapsed();
  }

  void work() {
    while (!stop_ && !interrupted()) {
      const std::uint64_t number = next_++;
      if (number > seeds_.last - seeds_.first) return;
      const std::uint64_t seed = seeds_.first + number;
      if (budget_ > 0 && spent() > budget_) return;
      const Plan plan = plan_of(options_, given_, seed);
      const sim::SimOptions how = sim::judged_by(options_.for_real_nodes);
      auto result = sim::simulate(plan, seed, how);
      const bool repeats = result.ok() && !result->bad() && seed % kRepeatEvery == 0;
      if (repeats) compare(sim::simulate(plan, seed, how), *result);
      const std::lock_guard lock(mutex_);
      if (result.ok()) {
        take(*result);
        if (repeats && !result->bad()) result_.tally.repeated();
      } else {
        result_.refused = result.error();
        stop_ = true;
      }
    }
  }

  static void compare(const Result<sim::SimResult>& again, sim::SimResult& result) {
    if (again.ok() && again->trace_hash == result.trace_hash) return;
    result.outcome = sim::Outcome::kInvariant;
    result.kind = "determinism";
    result.why = fmt::format("a second run took another course: trace {:016x}, and {:016x} before",
                             again.ok() ? again->trace_hash : 0, result.trace_hash);
  }

  void take(const sim::SimResult& result) {
    result_.tally.add(result);
    result_.traces.push_back({result.seed, result.trace_hash, result.events, result.outcome});
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
  const double budget_;  ///< seconds; 0: no limit
  std::latch all_there_ = std::latch(1);
  std::atomic<std::uint64_t> next_;
  std::atomic<bool> stop_ = false;
  const Clock::time_point begin_;
  const double cpu_begin_;
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
