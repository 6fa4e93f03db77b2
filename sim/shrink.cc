#include "sim/shrink.h"

#include "controller/run/parts.h"
#include "sim/smaller_plan.h"
#include "sim/write_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace ordeal::sim {
namespace {

constexpr std::size_t kManyOperations = 2'000;  ///< from here on runs are slow
constexpr std::size_t kFaultsOfAHandful = 5;
constexpr std::size_t kOperationsOfAHandful = 12;
constexpr std::uint32_t kPatienceMax = 64;
constexpr std::uint32_t kPatienceOfALeap = 8;
constexpr Duration kLateness = milliseconds(100);
/// From here on a plan is too large to look at each of its moments.
constexpr std::size_t kManyGaps = 40;

std::string how_many(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

bool is_script(const Plan& plan) {
  return plan.workload.name == "script";
}

/// "3 nodes, 2 faults, 5 operations".
std::string what_remains(const Plan& plan) {
  const std::size_t faults = plan.fault_events.size();
  const std::size_t operations = plan.workload.operations.size();
  std::string text = how_many(plan.nodes, "node");
  if (!plan.random_faults && faults == 0 && is_script(plan) && operations == 0)
    return text + " and nothing else: neither faults nor clients are needed";
  if (!plan.random_faults || faults > 0) text += ", " + how_many(faults, "fault");
  if (plan.random_faults) text += ", faults at random";
  if (!is_script(plan)) return text + fmt::format(", and what the workload {} draws", plan.workload.name);
  return text + ", " + how_many(operations, "operation");
}

std::size_t size_of(const Plan& plan) {
  return plan.fault_events.size() + plan.workload.operations.size();
}

class Shrinker {
 public:
  Shrinker(const ShrinkOptions& options, Shrunk found, SimResult failed)
      : options_(options), best_(std::move(found)), last_(std::move(failed)) {}

  /// Faults that were drawn become events, and what real nodes do not have goes when the plan is for them.
  /// False: then it does not fail any more.
  [[nodiscard]] bool begin() {
    if (write_faults()) return true;
    return !options_.for_real_nodes || accept(without_simulator(best_.plan));
  }

  Shrunk run() {
    reduce();
    // What fails with one seed of hundreds takes more patience than most need.
    while (!is_a_handful() && patience_ < kPatienceMax && !spent()) {
      patience_ *= 4;
      if (write_faults() || !best_.plan.random_faults) best_.no_events.clear();
      reduce();
    }
    best_.runs = runs_;
    best_.spent = spent();
    return best_;
  }

 private:
  void reduce() {
    // What takes many operations, and a run a long time, can often be had with few.
    if (options_.for_real_nodes || last_.summary.progress.invoked > kManyOperations) lighten_load();
    cut_time();
    while (shorten()) {
    }
    leap();
    if (options_.for_real_nodes) reduce_nodes();
    write_script();
    for (int round = 0; round < 3; ++round) {
      const std::size_t before = size_of(best_.plan);
      reduce_operations();
      reduce_clients();
      reduce_faults();
      bring_forward();
      shorten();
      if (size_of(best_.plan) == before) break;
    }
    reduce_nodes();
    reduce_clients();
    calm_machines();
    drop_settings();
    reduce_operations();
    reduce_faults();
    reduce_clients();
    close_gaps();
    round_times();
  }

  [[nodiscard]] bool is_a_handful() const {
    return !best_.plan.random_faults && is_script(best_.plan) && best_.faults() <= kFaultsOfAHandful &&
           best_.operations() <= kOperationsOfAHandful;
  }

  [[nodiscard]] bool spent() const {
    return runs_ >= options_.runs_max || (options_.stop && options_.stop());
  }

  /// Whether the run fails as the first one did.
  [[nodiscard]] bool fails(const Result<SimResult>& result) const {
    return result.ok() && result->outcome == best_.outcome && result->kind == best_.kind;
  }

  Result<SimResult> run_once(const Plan& plan, std::uint64_t seed) {
    ++runs_;
    SimOptions run = judged_by(options_.for_real_nodes);
    run.liveness = best_.outcome == Outcome::kLiveness;
    auto result = simulate(plan, seed, run);
    // Who runs the plan again looks at liveness too, and may then see something else.
    const bool look_again = best_.outcome == Outcome::kHistory && !options_.for_real_nodes;
    if (look_again && fails(result)) result = simulate(plan, seed, judged_by(false));
    if (options_.progress)
      options_.progress(fmt::format("{}: {}", how_many(runs_, "run"), what_remains(best_.plan)));
    return result;
  }

  /// Keeps the candidate when it fails in the same way.
  bool accept(Plan candidate, std::uint32_t patience = 1) {
    if (!check_plan(candidate).ok()) return false;
    const std::uint64_t first = *candidate.seed;
    // More seeds say more of a plan that shall fail with half of them, and nothing new of what they are for.
    const std::uint32_t tries =
        options_.seeds_per_try * (options_.for_real_nodes ? 1 : std::max(patience, patience_));
    std::uint32_t failed = 0;
    std::optional<SimResult> as_written;  // the last that failed
    for (std::uint64_t i = 0; i < tries && !spent(); ++i) {
      if (failed + tries - i < options_.seeds_that_fail) return false;
      // The plan's own seed, and then others that depend on nothing but how many were tried.
      const std::uint64_t seed = i == 0 ? first : runs_ + 1;
      const Duration late = lateness(i);
      auto result = run_once(late > Duration() ? with_late_faults(candidate, late) : candidate, seed);
      if (!fails(result)) continue;
      ++failed;
      if (late == Duration()) as_written = std::move(*result);
      if (failed < options_.seeds_that_fail || !as_written) continue;
      candidate.seed = as_written->seed;
      best_.plan = std::move(candidate);
      best_.why = as_written->why;
      last_ = std::move(*as_written);
      return true;
    }
    return false;
  }

  /// Agents on real nodes take their time, and faults are gone a while before the final reads begin: what
  /// hangs on one moment would never be seen there.
  [[nodiscard]] Duration lateness(std::uint64_t number) const {
    return options_.for_real_nodes ? kLateness * static_cast<std::int64_t>(number % 3) : Duration();
  }

  bool accept_smaller(Plan candidate) { return candidate != best_.plan && accept(std::move(candidate)); }

  /// Why a candidate that had to be was not accepted.
  [[nodiscard]] std::string refusal(std::string_view written_down) const {
    if (spent()) return fmt::format("there was no time left to write them down {}", written_down);
    return fmt::format("written down {} they did not fail in the same way with {} of {} seeds", written_down,
                       options_.seeds_that_fail == 1 ? "any" : fmt::format("{}", options_.seeds_that_fail),
                       options_.seeds_per_try);
  }

  /// ddmin: leaves out ever smaller parts of a list. `apply` makes a plan have the items that are left.
  template <class Item, class Apply>
  void reduce_list(std::vector<Item> items, Apply apply) {
    std::size_t parts = 2;
    while (!items.empty() && !spent()) {
      const std::size_t size = items.size();
      parts = std::min(parts, size);
      bool smaller = false;
      for (std::size_t part = 0; part < parts && !smaller && !spent(); ++part) {
        std::vector<Item> left = items;
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(size * part / parts),
                   left.begin() + static_cast<std::ptrdiff_t>(size * (part + 1) / parts));
        Plan candidate = best_.plan;
        apply(candidate, left);
        smaller = accept(std::move(candidate));
        if (smaller) items = std::move(left);
      }
      if (!smaller && parts == size) return;
      parts = smaller ? std::max<std::size_t>(2, parts - 1) : parts * 2;
    }
  }

  void reduce_faults() {
    reduce_list(best_.plan.fault_events,
                [](Plan& plan, const std::vector<FaultEvent>& left) { plan.fault_events = left; });
  }

  /// First those of a whole key or client: so much less to try one by one.
  void reduce_operations() {
    if (!is_script(best_.plan)) return;
    reduce_operations_by([](const ScriptedOp& op) { return op.key; });
    reduce_operations_by([](const ScriptedOp& op) { return op.client; });
    const auto leave = [](Plan& plan, const std::vector<ScriptedOp>& left) {
      plan.workload.operations = left;
    };
    reduce_list(best_.plan.workload.operations, leave);
    const auto& left = best_.plan.workload.operations;
    if (std::none_of(left.begin(), left.end(), [](const ScriptedOp& op) { return op.f == "cas"; })) return;
    reduce_list(left, [&](Plan& plan, const std::vector<ScriptedOp>& operations) {
      leave(plan, operations);
      plan = with_chains_mended(std::move(plan));
    });
  }

  template <class Group>
  void reduce_operations_by(Group group) {
    using Name = decltype(group(ScriptedOp()));
    std::set<Name> names;
    for (const ScriptedOp& op : best_.plan.workload.operations) names.insert(group(op));
    if (names.size() == best_.plan.workload.operations.size()) return;  // They are tried one by one.
    reduce_list(std::vector<Name>(names.begin(), names.end()),
                [&](Plan& plan, const std::vector<Name>& left) {
                  std::erase_if(plan.workload.operations, [&](const ScriptedOp& op) {
                    return std::find(left.begin(), left.end(), group(op)) == left.end();
                  });
                });
  }

  /// The random faults of the failing run, written down one by one. False: there are none, or it does not
  /// fail with them.
  bool write_faults() {
    if (!best_.plan.random_faults) return false;
    for (const Targets targets : {Targets::kAsDrawn, Targets::kByName}) {
      Plan candidate = best_.plan;
      candidate.fault_events = write_out_faults(best_.plan, *best_.plan.seed, last_.history, targets);
      candidate.random_faults.reset();
      if (options_.for_real_nodes) candidate = without_simulator(std::move(candidate));
      if (accept(std::move(candidate))) return true;
    }
    best_.no_events = refusal("as events");
    return false;
  }

  /// When it had failed; none: it cannot be told.
  [[nodiscard]] std::optional<Duration> failed_at() const {
    if (last_.broken_at) return *last_.broken_at - MonotonicTime();
    std::optional<Duration> soonest;
    for (const Finding& finding : last_.findings) {
      // Of a violated key all is needed that makes it one, and of several keys one.
      for (const Witness& witness : finding.witnesses) {
        Duration last;
        for (const WitnessStep& step : witness.stuck)
          last = std::max(last, last_.history[step.complete.value_or(step.invoke)].time);
        if (last > Duration() && (!soonest || last < *soonest)) soonest = last;
      }
    }
    return soonest;
  }

  /// What comes after the failure did not cause it.
  void cut_time() {
    const auto failed = failed_at();
    if (!failed) return;
    const Duration limit = *failed - load_start(best_.plan, last_.seed, last_.history) + milliseconds(100);
    if (limit < best_.plan.time_limit) accept_smaller(ended_at(best_.plan, limit));
  }

  /// True: it may become shorter yet.
  bool shorten() {
    for (const std::int64_t percent : {25, 50, 75, 90}) {
      const Duration limit = milliseconds(best_.plan.time_limit.ms() * percent / 100);
      if (accept_smaller(ended_at(best_.plan, limit))) return percent <= 50;
    }
    return false;
  }

  /// What led to it may have begun not long before. The last seconds alone start from another state, so that
  /// few of their seeds fail, but each is a short run, and what comes next is about short runs.
  void leap() {
    if (options_.for_real_nodes || best_.plan.random_faults) return;
    for (const std::int64_t length : {1, 2, 4, 8}) {
      if (seconds(length) * 2 > best_.plan.time_limit) return;
      if (accept(last_part_of(best_.plan, seconds(length)), kPatienceOfALeap)) return;
    }
  }

  /// Nothing happens before the first fault or operation.
  void bring_forward() {
    if (best_.plan.random_faults) return;
    for (const Duration lead : {Duration(), milliseconds(200), seconds(1)}) {
      if (accept_smaller(brought_forward(best_.plan, lead))) return;
    }
  }

  void close_gaps() {
    if (!is_script(best_.plan) || best_.plan.random_faults) return;
    const std::vector<Gap> gaps = find_gaps(best_.plan, milliseconds(500));
    if (gaps.size() > kManyGaps) return;
    // From the last on, so that those before it stay where they are.
    for (auto gap = gaps.rbegin(); gap != gaps.rend(); ++gap) {
      const Duration length = gap->to - gap->from;
      for (const Duration left : {milliseconds(100), length / 4, length / 2}) {
        if (accept_smaller(with_gap_of(best_.plan, *gap, left))) break;
      }
    }
  }

  /// Plans are for people: "2s" rather than "1987654321ns".
  void round_times() {
    for (const Duration unit : {milliseconds(100), milliseconds(10), milliseconds(1)}) {
      const Plan candidate = rounded(best_.plan, unit);
      if (candidate == best_.plan || accept(candidate)) return;
    }
  }

  /// Fewer operations a second make a run quicker, and a history that is easier to read.
  void lighten_load() {
    if (is_script(best_.plan)) return;
    for (const std::uint32_t rate : {50U, 100U, 200U}) {
      if (best_.plan.load.rate != 0 && rate >= best_.plan.load.rate) return;
      Plan candidate = best_.plan;
      candidate.load.rate = rate;
      if (accept(std::move(candidate))) return;
    }
  }

  /// The operations of the failing run, written down one by one.
  void write_script() {
    if (is_script(best_.plan)) return;
    best_.no_script.clear();
    Plan candidate = best_.plan;
    candidate.workload = WorkloadPlan();
    candidate.workload.name = "script";
    candidate.workload.operations = write_out_operations(best_.plan, *best_.plan.seed, last_.history);
    candidate.load.open = false;
    candidate.load.concurrency = clients_max(best_.plan);
    if (const Status status = check_plan(candidate); !status.ok()) {
      best_.no_script = status.error().message;
    } else if (!accept(rounded(candidate, milliseconds(1))) && !accept(std::move(candidate))) {
      best_.no_script = refusal("one by one");
    }
  }

  /// Four nodes may be too many where three are enough: an even number fails otherwise than an odd one.
  void reduce_nodes() {
    const std::uint32_t before = best_.plan.nodes;
    for (std::uint32_t nodes = 1; nodes < before && !spent(); ++nodes) {
      const Plan candidate = on_nodes(best_.plan, nodes);
      if (accept(candidate)) return;
      const bool at_nodes = is_script(candidate) && candidate.client.sticky;
      if (at_nodes && accept(clients_at_their_nodes(candidate, before))) return;
    }
  }

  void reduce_clients() {
    for (Plan& candidate : with_fewer_clients(best_.plan)) {
      if (accept(std::move(candidate))) return;
    }
  }

  template <class Change>
  void try_with(Change change) {
    Plan candidate = best_.plan;
    change(candidate);
    accept_smaller(std::move(candidate));
  }

  void calm_machines() {
    const SimPlan usual;
    try_with([](Plan& plan) { plan.sim = SimPlan(); });
    try_with([](Plan& plan) { plan.sim.loss = 0; });
    try_with([](Plan& plan) { plan.sim.duplicates = 0; });
    try_with([](Plan& plan) { plan.sim.overtaking = false; });
    try_with([](Plan& plan) { plan.sim.bandwidth = 0; });
    try_with([](Plan& plan) { plan.sim.kept_by_cuts = 0; });
    try_with([&](Plan& plan) {
      plan.sim.slow = 0;
      plan.sim.slow_max = usual.slow_max;
    });
    try_with([&](Plan& plan) {
      plan.sim.sync_min = usual.sync_min;
      plan.sim.sync_max = usual.sync_max;
    });
    try_with([&](Plan& plan) {
      plan.sim.delay_min = usual.delay_min;
      plan.sim.delay_max = usual.delay_max;
    });
  }

  /// Those of the nodes, the clients and the load, and planted bugs that have no part in it.
  void drop_settings() {
    std::set<std::string> names;
    for (const auto& [name, value] : best_.plan.node_flags) names.insert(name);
    for (const std::string& name : names) try_with([&](Plan& plan) { plan.node_flags.erase(name); });
    if (best_.plan.plants.size() > 1)
      reduce_list(best_.plan.plants,
                  [](Plan& plan, const std::vector<std::string>& left) { plan.plants = left; });
    const ClientPlan usual;
    try_with([](Plan& plan) { plan.client = ClientPlan(); });
    try_with([&](Plan& plan) { plan.client.retry = usual.retry; });
    try_with([&](Plan& plan) { plan.client.sticky = usual.sticky; });
    // A script has its own times.
    if (is_script(best_.plan)) try_with([](Plan& plan) { plan.load.rate = LoadPlan().rate; });
  }

  const ShrinkOptions& options_;
  Shrunk best_;
  SimResult last_;  ///< the last run that failed: that of best_
  std::uint64_t runs_ = 0;
  std::uint32_t patience_ = 1;  ///< how many times seeds_per_try are tried; grows
};

}  // namespace

std::string describe(const Shrunk& shrunk) {
  const Plan& plan = shrunk.plan;
  std::string text = fmt::format("fails with seed {}: {} {}: {}\n", *plan.seed, to_text(shrunk.outcome),
                                 shrunk.kind, shrunk.why);
  text += fmt::format("what remains: {}\n", what_remains(plan));
  if (plan.random_faults) text += fmt::format("faults are still drawn at random: {}\n", shrunk.no_events);
  if (!shrunk.no_script.empty()) text += fmt::format("operations are still drawn: {}\n", shrunk.no_script);
  if (shrunk.spent)
    text +=
        fmt::format("it may become smaller yet: the time was up after {}\n", how_many(shrunk.runs, "run"));
  return text;
}

SimOptions judged_by(bool history_alone) {
  SimOptions options;
  options.invariants = options.sound_messages = options.liveness = !history_alone;
  return options;
}

Result<Shrunk> shrink(const Plan& plan, std::uint64_t seed, const ShrinkOptions& options) {
  auto failed = simulate(plan, seed, judged_by(options.for_real_nodes));
  if (!failed.ok()) return failed.error();
  if (!failed->bad())
    return Error{ErrorCode::kNotFound, fmt::format("the plan does not fail with seed {}", seed)};
  Shrunk found;
  found.plan = plan;
  found.plan.seed = seed;
  found.plan.name = "shrunk";
  found.plan.expect_operations = 0;
  found.plan.expect_faults = 0;
  found.outcome = failed->outcome;
  found.kind = failed->kind;
  found.why = failed->why;
  Shrinker shrinker(options, std::move(found), std::move(*failed));
  if (!shrinker.begin())
    return Error{
        ErrorCode::kNotFound,
        fmt::format("with seed {} it fails in the simulator alone: without its weather and faults fewer "
                    "than {} of {} seeds fail",
                    seed, options.seeds_that_fail, options.seeds_per_try)};
  return shrinker.run();
}

}  // namespace ordeal::sim
