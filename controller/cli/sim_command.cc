#include "controller/cli/sim_command.h"

#include "controller/cli/exit_code.h"
#include "controller/cli/interrupt.h"
#include "controller/cli/numbers.h"
#include "controller/cli/sim_flags.h"
#include "controller/cli/sim_hunt.h"
#include "controller/cli/sim_report.h"
#include "sim/settings.h"
#include "sim/shrink.h"
#include "sim/simulation.h"
#include "sim/swarm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

namespace ordeal::cli {
namespace {

constexpr double kShrinkSeconds = 60;
constexpr std::size_t kLineWidthMax = 79;  ///< of a line that is rewritten: it must not wrap
constexpr std::uint64_t kSeedsOfACampaign = 1'000'000;
constexpr std::uint64_t kJobsMax = 256;  ///< more threads than cores only wait for each other

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

/// Of flags and plans: nothing was run.
int refuse(const Error& error) {
  fmt::print(stderr, "ordeal sim: {}\n", error.message);
  return kExitArguments;
}

/// Of what came up meanwhile.
int fail(const Error& error) {
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
  if (result.beyond_promise) fmt::print("beyond what is promised: {}\n", *result.beyond_promise);
}

std::string commented(const std::string& lines) {
  std::string comment;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) comment += "# " + line + "\n";
  return comment;
}

/// Says that shrinking goes on: in one line that is rewritten on a terminal, by a line now and then
/// elsewhere.
class ShrinkLine {
 public:
  explicit ShrinkLine(std::FILE* out)
      : out_(out), terminal_(isatty(fileno(out)) != 0), period_(terminal_ ? 0.25 : 10), next_(period_) {}
  ShrinkLine(const ShrinkLine&) = delete;
  ShrinkLine& operator=(const ShrinkLine&) = delete;
  ~ShrinkLine() {
    if (terminal_) fmt::print(out_, "\r\x1b[K");
    std::fflush(out_);
  }

  void show(const std::string& text, double elapsed) {
    if (elapsed < next_) return;
    next_ = elapsed + period_;
    std::string line = fmt::format("shrinking, {:.0f}s, {}", elapsed, text);
    if (terminal_) line = "\r\x1b[K" + line.substr(0, kLineWidthMax);
    fmt::print(out_, "{}{}", line, terminal_ ? "" : "\n");
    std::fflush(out_);
  }

 private:
  std::FILE* out_;
  bool terminal_;
  double period_;  ///< seconds between two lines
  double next_;    ///< what is over before needs no line
};

/// Writes the plan that remains, and says what it is.
int shrink_to_file(const SimCommandOptions& options, const Plan& plan, std::uint64_t seed) {
  const auto begin = Clock::now();
  sim::ShrinkOptions how;
  how.for_real_nodes = options.for_real_nodes;
  if (how.for_real_nodes) {
    how.seeds_per_try = 40;  // With few, chance lets through what seldom fails.
    how.seeds_that_fail = how.seeds_per_try / 2;
  }
  how.stop = [&] { return interrupted() || seconds_since(begin) > kShrinkSeconds; };
  end_at_next_chance();
  fmt::print("shrinking seed {}, for at most {:.0f}s\n", seed, kShrinkSeconds);
  std::fflush(stdout);
  std::optional<ShrinkLine> line(std::in_place, stderr);
  how.progress = [&](const std::string& text) { line->show(text, seconds_since(begin)); };
  const auto shrunk = sim::shrink(plan, seed, how);
  line.reset();
  if (!shrunk.ok()) return fail(shrunk.error());
  const std::string text = sim::describe(*shrunk);
  fmt::print("shrunk in {} runs and {:.1f}s: {}\n{}", shrunk->runs, seconds_since(begin), *options.shrink,
             text);
  // The same words at the head of the file, for whoever finds it later.
  const std::string content = commented(text) + print_plan(shrunk->plan);
  std::ofstream file(*options.shrink);
  file << content;
  file.close();
  if (file) return kExitInvalid;
  fmt::print(stderr, "ordeal sim: cannot write {}; it would have been:\n{}", *options.shrink, content);
  return kExitInternal;
}

/// Somebody asked for a plan, and there is none to write.
void nothing_to_shrink(const SimCommandOptions& options) {
  if (options.shrink)
    fmt::print("nothing failed, so there is nothing to shrink: {} is not written\n", *options.shrink);
}

/// The run in the store, for somebody to look at.
int store(const SimCommandOptions& options, const Plan& plan, std::uint64_t seed) {
  if (options.no_store) return kExitValid;
  const auto stored =
      store_sim_run(plan, seed, {options.store.value_or("store"), options.argv, options.for_real_nodes});
  if (!stored.ok()) return fail(stored.error());
  fmt::print("report: {}\n", stored->report);
  return kExitValid;
}

int run_one(const SimCommandOptions& options, const Plan& given, std::uint64_t seed) {
  const Plan plan = plan_of(options, given, seed);
  // Before anything happens: whatever comes of it, it can be repeated.
  fmt::print("{}", print_plan(plan));
  std::fflush(stdout);
  const auto begin = Clock::now();
  const auto result = sim::simulate(plan, seed, sim::judged_by(options.for_real_nodes));
  if (!result.ok()) return fail(result.error());
  print_result(*result, seconds_since(begin));
  if (!result->bad()) {
    for (const std::string& reason : result->summary.vacuous) fmt::print("vacuous: {}\n", reason);
  }
  int code = result->summary.vacuous.empty() ? kExitValid : kExitUnknown;
  if (result->outcome == sim::Outcome::kUnknown) code = kExitUnknown;
  if (result->bad()) code = kExitInvalid;
  code = worst_exit(code, store(options, plan, seed));
  if (!result->bad()) nothing_to_shrink(options);
  if (result->bad() && options.shrink) code = worst_exit(code, shrink_to_file(options, plan, seed));
  return code;
}

/// A line for each seed, so that two builds can be compared with diff.
int write_hashes(const SimCommandOptions& options, const std::vector<SeedTrace>& traces) {
  if (!options.hashes) return kExitValid;
  std::ofstream file(*options.hashes);
  for (const SeedTrace& trace : traces) {
    file << fmt::format("{} {:016x} {} {}\n", trace.seed, trace.hash, trace.events, to_text(trace.outcome));
  }
  file.close();
  return file ? kExitValid : fail({ErrorCode::kInternal, fmt::format("cannot write {}", *options.hashes)});
}

/// A hunt none of whose seeds could have shown anything proves nothing, nor does one that was cut short. A
/// plan says itself what it expects.
int exit_of_good(const SimCommandOptions& options, const HuntResult& hunt) {
  const bool given = !options.plan.plan_file.empty();
  if (given && hunt.tally.vacuous() > 0)
    fmt::print("{} of {} seeds are vacuous; {}\n", hunt.tally.vacuous(), hunt.tally.seeds(),
               hunt.tally.first_vacuous());
  const bool shown = given ? hunt.tally.vacuous() < hunt.tally.seeds() : hunt.tally.counted() > 0;
  if (!shown)
    fmt::print("unknown: no seed ran long enough, or was busy and troubled enough, to show anything\n");
  return shown && hunt.tally.unknown() == 0 && !interrupted() ? kExitValid : kExitUnknown;
}

int conclude(const SimCommandOptions& options, const Plan& given, const HuntResult& hunt) {
  if (!hunt.first_bad) {
    nothing_to_shrink(options);
    return exit_of_good(options, hunt);
  }
  const Plan plan = plan_of(options, given, *hunt.first_bad);
  const int code = worst_exit(kExitInvalid, store(options, plan, *hunt.first_bad));
  if (!options.shrink) return code;
  if (!interrupted()) return worst_exit(code, shrink_to_file(options, plan, *hunt.first_bad));
  fmt::print("interrupted: seed {} is not shrunk and {} not written\n", *hunt.first_bad, *options.shrink);
  return code;
}

int run_hunt(const SimCommandOptions& options, const Plan& given, SeedRange seeds) {
  end_at_next_chance();
  fmt::print("seeds {}..{}\n", seeds.first, seeds.last);
  std::fflush(stdout);
  const HuntResult hunt = run_hunt_over(options, given, seeds);
  if (hunt.refused) return fail(*hunt.refused);
  if (interrupted()) fmt::print("interrupted after {} seeds\n", hunt.tally.seeds());
  fmt::print("{}", hunt.tally.text(hunt.seconds));
  const int written = write_hashes(options, hunt.traces);
  return worst_exit(written, conclude(options, given, hunt));
}

/// How many runs a bug takes to be found: hunts with seeds of their own.
int run_campaigns(SimCommandOptions options, const Plan& given) {
  options.quiet = true;
  options.keep_going = false;
  sim::RunsUntilFound found;
  end_at_next_chance();
  for (std::uint64_t i = 0; i < options.campaigns.value_or(0); ++i) {
    const SeedRange seeds{1 + i * kSeedsOfACampaign, (i + 1) * kSeedsOfACampaign};
    const HuntResult hunt = run_hunt_over(options, given, seeds);
    if (hunt.refused) return fail(*hunt.refused);
    if (interrupted()) break;  // It says neither that many runs are needed nor that few are enough.
    found.add(hunt.tally.seeds(), hunt.seconds,
              hunt.first_bad ? std::optional<std::string>(hunt.first_kind) : std::nullopt);
  }
  if (interrupted()) fmt::print("interrupted: ");
  fmt::print("{}\n", found.text());
  if (found.found() > 0) return kExitInvalid;
  return interrupted() ? kExitUnknown : kExitValid;
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
  command.get_option("--seed")->description("seed of everything that is drawn; default: 1");
  command.add_option("--seeds", options.seeds, "hunt over these seeds: first..last");
  command.add_option("--jobs", options.jobs, "threads of a hunt; 0: one for each core")
      ->check(whole_number(0, kJobsMax));
  command
      .add_option("--budget", options.budget_seconds,
                  "seconds after which a hunt ends, with --campaigns seconds of processor time; 0: no limit")
      ->check(seconds_from(0, false));
  command
      .add_option("--campaigns", options.campaigns,
                  "so many hunts, and how many runs each took to find something")
      ->check(whole_number(1, 10'000));
  command.add_option("--store", options.store, "folder that keeps a single seed, or the first that fails")
      ->check(not_empty());
  command.add_flag("--no-store", options.no_store, "keep nothing");
  command.add_option("--shrink", options.shrink,
                     "make a failing seed small, and write the plan that still fails to this file");
  command.add_flag("--for-real-nodes", options.for_real_nodes,
                   "judge by the history alone, and shrink to a plan that `ordeal run` takes and that fails "
                   "with many seeds");
  command.add_option("--hashes", options.hashes,
                     "write a line for each seed of a hunt to this file: seed, trace hash, events, outcome");
  command.add_flag("--keep-going", options.keep_going, "do not end a hunt at the first seed that fails");
}

int sim_command(const SimCommandOptions& options) {
  if (const Status status = check_sim_flags(options); !status.ok()) return refuse(status.error());
  PlanOptions plan = options.plan;
  // The swarm draws the faults: those of the default plan must not be held against a short --time-limit.
  if (plan.plan_file.empty()) plan.nemesis = "none";
  const auto made = make_plan(plan);
  if (!made.ok()) return refuse(made.error());
  const auto settings = sim::Settings::read(made->plan);
  if (!settings.ok()) return refuse(settings.error());
  if (options.campaigns) return run_campaigns(options, made->plan);
  if (!options.seeds) return run_one(options, made->plan, made->plan.seed.value_or(1));
  const auto seeds = parse_seeds(*options.seeds);
  if (!seeds.ok()) return refuse(seeds.error());
  return run_hunt(options, made->plan, *seeds);
}

}  // namespace ordeal::cli
