#include "controller/cli/sim_command.h"

#include "controller/cli/exit_code.h"
#include "controller/cli/numbers.h"
#include "controller/cli/sim_hunt.h"
#include "controller/cli/sim_report.h"
#include "sim/shrink.h"
#include "sim/simulation.h"
#include "sim/swarm.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>

namespace ordeal::cli {
namespace {

constexpr double kShrinkSeconds = 60;
constexpr std::uint64_t kSeedsOfACampaign = 1'000'000;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Result<SeedRange> parse_seeds(const std::string& text) {
  const std::size_t dots = text.find("..");
  const auto number = [](std::string_view part, std::uint64_t& into) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), into);
    return error == std::errc() && end == part.data() + part.size() && !part.empty();
  };
  SeedRange seeds;
  const std::string_view all = text;
  const bool good = dots != std::string::npos && number(all.substr(0, dots), seeds.first) &&
                    number(all.substr(dots + 2), seeds.last) && seeds.first <= seeds.last;
  if (good) return seeds;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("--seeds is '{}'; write first..last, such as 1..1000", text)};
}

int refuse(const Error& error) {
  fmt::print(stderr, "ordeal sim: {}\n", error.message);
  return error.code == ErrorCode::kInvalidArgument ? kExitArguments : kExitInternal;
}

void print_result(const sim::SimResult& result, double seconds) {
  const RunProgress& progress = result.summary.progress;
  fmt::print("seed {}: {}{}{}\n", result.seed, to_text(result.outcome), result.kind.empty() ? "" : ": ",
             result.kind);
  if (!result.why.empty()) fmt::print("  {}\n", result.why);
  fmt::print("  {} virtual in {:.2f}s ({:.0f}x), {} events ({:.0f}/s), trace {:016x}\n",
             to_text(result.length), seconds, result.length.seconds() / seconds, result.events,
             static_cast<double>(result.events) / seconds, result.trace_hash);
  fmt::print("  operations: {} ok, {} fail, {} info; faults: {} asked, {} in force, {} healed\n", progress.ok,
             progress.fail, progress.info, progress.faults_asked, progress.faults_verified,
             progress.faults_healed);
  for (const sim::Mark mark : result.marks) fmt::print("  reached: {}\n", to_text(mark));
}

/// Writes the plan that remains, and says what it is.
int shrink_to_file(const SimCommandOptions& options, const Plan& plan, std::uint64_t seed) {
  const auto begin = Clock::now();
  sim::ShrinkOptions how;
  how.stop = [&] { return seconds_since(begin) > kShrinkSeconds; };
  const auto shrunk = sim::shrink(plan, seed, how);
  if (!shrunk.ok()) return refuse(shrunk.error());
  std::ofstream file(options.shrink);
  file << print_plan(shrunk->plan);
  file.close();
  if (!file) {
    fmt::print(stderr, "ordeal sim: cannot write {}; the plan was:\n{}", options.shrink,
               print_plan(shrunk->plan));
    return kExitInternal;
  }
  fmt::print("shrunk to {} faults, {} operations, {} nodes in {} runs and {:.1f}s: {}\n  {}: {}\n",
             shrunk->faults(), shrunk->operations(), shrunk->plan.nodes, shrunk->runs, seconds_since(begin),
             options.shrink, shrunk->kind, shrunk->why);
  return kExitInvalid;
}

/// The run in the store, for somebody to look at.
int store(const SimCommandOptions& options, const Plan& plan, std::uint64_t seed) {
  if (options.no_store) return kExitValid;
  const auto stored = store_sim_run(plan, seed, {options.store, options.argv});
  if (!stored.ok()) return refuse(stored.error());
  fmt::print("report: {}\n", stored->report);
  return kExitValid;
}

int run_one(const SimCommandOptions& options, const Plan& given, std::uint64_t seed) {
  const Plan plan = plan_of(options, given, seed);
  const auto begin = Clock::now();
  const auto result = sim::simulate(plan, seed, {});
  if (!result.ok()) return refuse(result.error());
  fmt::print("{}", print_plan(plan));
  print_result(*result, seconds_since(begin));
  for (const std::string& reason : result->summary.vacuous) fmt::print("vacuous: {}\n", reason);
  int code = result->summary.vacuous.empty() ? kExitValid : kExitUnknown;
  if (result->outcome == sim::Outcome::kUnknown) code = kExitUnknown;
  if (result->bad()) code = kExitInvalid;
  code = worst_exit(code, store(options, plan, seed));
  if (result->bad() && !options.shrink.empty()) code = worst_exit(code, shrink_to_file(options, plan, seed));
  return code;
}

int run_hunt(const SimCommandOptions& options, const Plan& given, SeedRange seeds) {
  fmt::print("seeds {}..{}\n", seeds.first, seeds.last);
  std::fflush(stdout);
  const HuntResult hunt = run_hunt_over(options, given, seeds);
  if (hunt.refused) return refuse(*hunt.refused);
  fmt::print("{}", hunt.tally.text(hunt.wall_seconds));
  if (!hunt.first_bad) {
    // A hunt none of whose seeds could have shown anything proves nothing.
    return hunt.tally.unknown() > 0 || hunt.tally.counted() == 0 ? kExitUnknown : kExitValid;
  }
  const Plan plan = plan_of(options, given, *hunt.first_bad);
  const int code = worst_exit(kExitInvalid, store(options, plan, *hunt.first_bad));
  return options.shrink.empty() ? code : worst_exit(code, shrink_to_file(options, plan, *hunt.first_bad));
}

/// How many runs a bug takes to be found: hunts with seeds of their own.
int run_campaigns(SimCommandOptions options, const Plan& given) {
  options.quiet = true;
  options.keep_going = false;
  sim::RunsUntilFound found;
  for (std::uint32_t i = 0; i < options.campaigns; ++i) {
    const SeedRange seeds{1 + i * kSeedsOfACampaign, (i + 1) * kSeedsOfACampaign};
    const HuntResult hunt = run_hunt_over(options, given, seeds);
    if (hunt.refused) return refuse(*hunt.refused);
    found.add(hunt.tally.seeds(), hunt.wall_seconds,
              hunt.first_bad ? std::optional<std::string>(hunt.first_kind) : std::nullopt);
  }
  fmt::print("{}\n", found.text());
  return found.found() > 0 ? kExitInvalid : kExitValid;
}

}  // namespace

Plan plan_of(const SimCommandOptions& options, const Plan& given, std::uint64_t seed) {
  if (!options.plan.plan_file.empty()) return given;
  sim::SwarmOptions swarm;
  swarm.protocol = given.protocol;
  swarm.plants = given.plants;
  if (options.plan.time_limit) swarm.time_limit = given.time_limit;
  return sim::draw_plan(swarm, seed);
}

void add_sim_options(CLI::App& command, SimCommandOptions& options) {
  add_plan_options(command, options.plan);
  command.add_option("--seeds", options.seeds, "hunt over these seeds: first..last");
  command.add_option("--jobs", options.jobs, "threads of a hunt; 0: one for each core")
      ->check(whole_number(0, 1024));
  command.add_option("--budget", options.budget_seconds, "seconds after which a hunt ends; 0: no limit")
      ->check(seconds_from(0, false));
  command
      .add_option("--campaigns", options.campaigns,
                  "so many hunts, and how many runs each took to find something")
      ->check(whole_number(0, 10'000));
  command.add_option("--store", options.store, "folder that keeps a single seed, or the first that fails");
  command.add_flag("--no-store", options.no_store, "keep nothing");
  command.add_option("--shrink", options.shrink,
                     "make a failing seed small, and write the plan that still fails to this file");
  command.add_flag("--keep-going", options.keep_going, "do not end a hunt at the first seed that fails");
}

int sim_command(const SimCommandOptions& options) {
  const auto made = make_plan(options.plan);
  if (!made.ok()) return refuse(made.error());
  if (options.campaigns > 0) return run_campaigns(options, made->plan);
  if (options.seeds.empty()) return run_one(options, made->plan, made->plan.seed.value_or(1));
  const auto seeds = parse_seeds(options.seeds);
  if (!seeds.ok()) return refuse(seeds.error());
  return run_hunt(options, made->plan, *seeds);
}

}  // namespace ordeal::cli
