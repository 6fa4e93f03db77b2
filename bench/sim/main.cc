// How fast the simulator is: five nodes at 50 operations a second, with and without invariants, interleaved;
// virtual time to real time, events a second, and the share of time that the invariants take.

#include "sim/simulation.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace ordeal {
namespace {

struct Round {
  double seconds = 0;
  double virtual_seconds = 0;
  double events = 0;
};

Plan bench_plan() {
  Plan plan = default_plan();
  plan.name = "bench";
  plan.random_faults.reset();
  plan.expect_faults = 0;
  plan.load.rate = 50;
  plan.load.concurrency = 10;
  return plan;
}

/// Ends the program when a run does not go well: its speed would mean nothing.
Round run(const Plan& plan, std::uint64_t seed, bool invariants) {
  sim::SimOptions options;
  options.invariants = invariants;
  options.liveness = false;
  const auto begin = std::chrono::steady_clock::now();
  const auto result = sim::simulate(plan, seed, options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (!result.ok() || result->outcome != sim::Outcome::kGood) {
    fmt::print(stderr, "seed {}: {}\n", seed, result.ok() ? result->why : result.error().message);
    std::exit(1);
  }
  return {took.count(), result->length.seconds(), static_cast<double>(result->events)};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int measure(std::uint32_t rounds) {
  const Plan plan = bench_plan();
  std::vector<double> speed;
  std::vector<double> rate;
  std::vector<double> share;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    const Round with = run(plan, i + 1, true);
    const Round without = run(plan, i + 1, false);
    speed.push_back(with.virtual_seconds / with.seconds);
    rate.push_back(with.events / with.seconds);
    share.push_back(1 - without.seconds / with.seconds);
    fmt::print("round {:>2}: {:>6.0f}x real time, {:>9.0f} events/s; without invariants {:>6.0f}x\n", i + 1,
               speed.back(), rate.back(), without.virtual_seconds / without.seconds);
  }
  fmt::print("median of {}: {:.0f}x real time, {:.0f} events/s on one core, {:.0f} % of it in invariants\n",
             rounds, median(speed), median(rate), 100 * median(share));
  return 0;
}

}  // namespace
}  // namespace ordeal

int main(int argc, char** argv) {
  CLI::App app("Speed of the simulator", "bench-sim");
  std::uint32_t rounds = 11;
  app.add_option("--rounds", rounds, "interleaved rounds")->check(CLI::Range(1U, 1000U));
  CLI11_PARSE(app, argc, argv);
  return ordeal::measure(rounds);
}
