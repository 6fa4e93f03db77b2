#include "sim/shrink.h"

#include "nemesis/faults/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace ordeal::sim {
namespace {

class Shrinker {
 public:
  Shrinker(const ShrinkOptions& options, Shrunk found) : options_(options), best_(std::move(found)) {}

  /// Takes away what real nodes do not have. False: then it does not fail any more.
  [[nodiscard]] bool leave_simulator() {
    Plan candidate = best_.plan;
    candidate.sim = SimPlan();
    std::erase_if(candidate.fault_events, [](const FaultEvent& event) {
      const bool seen = !event.trigger || traits(event.trigger->kind).on_real_nodes;
      return !seen || find_fault(event.request.fault)->simulated();
    });
    return accept(std::move(candidate));
  }

  Shrunk run(const SimResult& failed) {
    if (!options_.for_real_nodes) history_ = failed.history;
    cut_time(failed);
    reduce_faults();
    write_script();
    for (int round = 0; round < 3; ++round) {
      const std::size_t before = best_.faults() + best_.operations();
      reduce_operations();
      reduce_faults();
      bring_forward();
      shorten();
      if (best_.faults() + best_.operations() == before) break;
    }
    reduce_nodes();
    calm_machines();
    drop_settings();
    reduce_operations();
    reduce_faults();
    best_.runs = runs_;
    best_.spent = spent();
    return best_;
  }

 private:
  [[nodiscard]] bool spent() const {
    return runs_ >= options_.runs_max || (options_.stop && options_.stop());
  }

  /// Keeps the candidate when it fails in the same way.
  bool accept(Plan candidate) {
    if (!check_plan(candidate).ok()) return false;
    const std::uint64_t first = *candidate.seed;
    std::uint32_t failed = 0;
    for (std::uint64_t i = 0; i < options_.seeds_per_try && !spent(); ++i) {
      ++runs_;
      // The plan's own seed, and then others that depend on nothing but how many were tried.
      const std::uint64_t seed = i == 0 ? first : runs_;
      SimOptions run = judged_by(options_.for_real_nodes);
      run.liveness = best_.outcome == Outcome::kLiveness;
      auto result = simulate(candidate, seed, run);
      if (!result.ok() || result->outcome != best_.outcome || result->kind != best_.kind) continue;
      if (++failed < options_.seeds_that_fail) continue;
      candidate.seed = seed;
      best_.plan = std::move(candidate);
      best_.why = result->why;
      history_ = result->history;
      if (options_.progress)
        options_.progress(fmt::format("{} faults, {} operations, {} nodes", best_.faults(),
                                      best_.operations(), best_.plan.nodes));
      return true;
    }
    return false;
  }

  /// ddmin: leaves out ever smaller parts of a list.
  template <class Get>
  void reduce_by(Get get) {
    std::size_t parts = 2;
    while (!spent()) {
      const std::size_t size = get(best_.plan).size();
      if (size == 0) return;
      parts = std::min(parts, size);
      bool smaller = false;
      for (std::size_t part = 0; part < parts && !spent(); ++part) {
        Plan candidate = best_.plan;
        auto& items = get(candidate);
        const auto begin = static_cast<std::ptrdiff_t>(size * part / parts);
        const auto end = static_cast<std::ptrdiff_t>(size * (part + 1) / parts);
        items.erase(items.begin() + begin, items.begin() + end);
        if (accept(std::move(candidate))) {
          smaller = true;
          break;
        }
      }
      if (smaller) {
        parts = std::max<std::size_t>(2, parts - 1);
      } else if (parts == size) {
        return;
      } else {
        parts = parts * 2;
      }
    }
  }

  void reduce_faults() {
    reduce_by([](Plan& plan) -> std::vector<FaultEvent>& { return plan.fault_events; });
  }
  void reduce_operations() {
    if (best_.plan.workload.name != "script") return;
    reduce_by([](Plan& plan) -> std::vector<ScriptedOp>& { return plan.workload.operations; });
  }

  void set_time_limit(Plan& plan, Duration limit) const {
    plan.time_limit = std::max(limit, seconds(1));
    for (FaultEvent& event : plan.fault_events) {
      const Duration soonest = event.trigger ? event.at + event.trigger->after : event.at;
      if (soonest + event.length > plan.time_limit) event.length = plan.time_limit - soonest;
    }
    std::erase_if(plan.fault_events,
                  [](const FaultEvent& event) { return event.length < milliseconds(100); });
    std::erase_if(plan.workload.operations, [&](const ScriptedOp& op) { return op.at > plan.time_limit; });
  }

  /// What comes after the failure did not cause it.
  void cut_time(const SimResult& failed) {
    if (!failed.broken_at) return;
    Plan candidate = best_.plan;
    set_time_limit(candidate, milliseconds((*failed.broken_at - MonotonicTime()).ms() + 500));
    if (candidate.time_limit < best_.plan.time_limit) accept(std::move(candidate));
  }

  void shorten() {
    for (const std::int64_t percent : {25, 50, 75, 90}) {
      Plan candidate = best_.plan;
      set_time_limit(candidate, milliseconds(candidate.time_limit.ms() * percent / 100));
      if (candidate.time_limit < best_.plan.time_limit && accept(std::move(candidate))) return;
    }
  }

  /// Nothing happens before the first fault or operation.
  void bring_forward() {
    if (best_.plan.workload.name != "script" || best_.plan.random_faults) return;
    Duration first = best_.plan.time_limit;
    for (const FaultEvent& event : best_.plan.fault_events) {
      if (!event.trigger) first = std::min(first, event.at);
    }
    for (const ScriptedOp& op : best_.plan.workload.operations) first = std::min(first, op.at);
    Plan candidate = best_.plan;
    for (FaultEvent& event : candidate.fault_events) event.at = std::max(event.at, first) - first;
    for (ScriptedOp& op : candidate.workload.operations) op.at = op.at - first;
    set_time_limit(candidate, candidate.time_limit - first);
    if (candidate.time_limit < best_.plan.time_limit) accept(std::move(candidate));
  }

  /// The operations of the failing run, written down one by one.
  void write_script() {
    if (best_.plan.workload.name == "script") return;
    Plan candidate = best_.plan;
    const std::uint32_t clients = candidate.load.concurrency;
    Duration load_start;
    for (const Op& op : history_) {
      if (op.type != OpType::kInvoke || op.process == kNemesisProcess) continue;
      load_start = op.time;
      break;
    }
    candidate.workload = WorkloadPlan();
    candidate.workload.name = "script";
    candidate.load.open = false;
    for (const Op& op : history_) {
      if (op.type != OpType::kInvoke || op.process == kNemesisProcess) continue;
      const std::string* key = op.key.as_string();
      if (key == nullptr || op.time - load_start > candidate.time_limit) continue;
      // Whole milliseconds, so that the plan can be read.
      candidate.workload.operations.push_back({milliseconds((op.time - load_start).ms()),
                                               static_cast<std::uint32_t>(op.process.value()) % clients, op.f,
                                               *key, op.value});
    }
    if (const Status status = check_plan(candidate); !status.ok()) {
      best_.no_script = status.error().message;
    } else if (!accept(std::move(candidate))) {
      best_.no_script = spent() ? "there was no time left to write them down one by one"
                                : fmt::format(
                                      "written down one by one they did not fail in the same way with "
                                      "any of {} seeds",
                                      options_.seeds_per_try);
    }
  }

  void reduce_nodes() {
    while (best_.plan.nodes > 2 && !spent()) {
      Plan candidate = best_.plan;
      --candidate.nodes;
      if (!accept(std::move(candidate))) return;
    }
  }

  void calm_machines() {
    const SimPlan usual;
    const auto try_with = [&](auto change) {
      Plan candidate = best_.plan;
      change(candidate.sim);
      if (candidate.sim != best_.plan.sim) accept(std::move(candidate));
    };
    try_with([](SimPlan& sim) { sim = SimPlan(); });
    try_with([](SimPlan& sim) { sim.loss = 0; });
    try_with([](SimPlan& sim) { sim.duplicates = 0; });
    try_with([](SimPlan& sim) { sim.overtaking = false; });
    try_with([](SimPlan& sim) { sim.bandwidth = 0; });
    try_with([](SimPlan& sim) { sim.kept_by_cuts = 0; });
    try_with([](SimPlan& sim) { sim.slow = 0; });
    try_with([&](SimPlan& sim) {
      sim.sync_min = usual.sync_min;
      sim.sync_max = usual.sync_max;
    });
    try_with([&](SimPlan& sim) {
      sim.delay_min = usual.delay_min;
      sim.delay_max = usual.delay_max;
    });
  }

  void drop_settings() {
    std::set<std::string> names;
    for (const auto& [name, value] : best_.plan.node_flags) names.insert(name);
    for (const std::string& name : names) {
      Plan candidate = best_.plan;
      candidate.node_flags.erase(name);
      accept(std::move(candidate));
    }
  }

  const ShrinkOptions& options_;
  Shrunk best_;
  History history_;
  std::uint64_t runs_ = 0;
};

}  // namespace

std::string describe(const Shrunk& shrunk) {
  const Plan& plan = shrunk.plan;
  std::string text = fmt::format("fails with seed {}: {} {}: {}\n", *plan.seed, to_text(shrunk.outcome),
                                 shrunk.kind, shrunk.why);
  text += fmt::format("what remains: {} nodes, {} faults, ", plan.nodes, shrunk.faults());
  if (shrunk.no_script.empty()) {
    text += fmt::format("{} operations\n", shrunk.operations());
  } else {
    text += fmt::format("and what the workload {} draws, because its operations are no script: {}\n",
                        plan.workload.name, shrunk.no_script);
  }
  if (shrunk.spent)
    text += fmt::format("it may become smaller yet: the time was up after {} runs\n", shrunk.runs);
  return text;
}

SimOptions judged_by(bool history_alone) {
  SimOptions options;
  options.invariants = options.sound_messages = options.liveness = !history_alone;
  return options;
}

Result<Shrunk> shrink(const Plan& plan, std::uint64_t seed, const ShrinkOptions& options) {
  const auto failed = simulate(plan, seed, judged_by(options.for_real_nodes));
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
  Shrinker shrinker(options, std::move(found));
  if (options.for_real_nodes && !shrinker.leave_simulator())
    return Error{
        ErrorCode::kNotFound,
        fmt::format("with seed {} it fails in the simulator alone: without its weather and faults fewer "
                    "than {} of {} seeds fail",
                    seed, options.seeds_that_fail, options.seeds_per_try)};
  return shrinker.run(*failed);
}

}  // namespace ordeal::sim
