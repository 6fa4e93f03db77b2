#include "sim/swarm.h"

#include "common/prng.h"
#include "nemesis/faults/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace ordeal::sim {
namespace {

/// Each kind of fault with its shapes, as the swarm draws them.
struct Kind {
  std::string_view fault;
  std::vector<std::string_view> shapes;
  std::vector<std::string_view> targets;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"partition",
       {"isolate-one", "halves", "majority-ring", "bridge", "one-way", "random"},
       {"leader", "leader", "follower", "one", "minority", ""}},
      {"kill", {""}, {"leader", "leader", "follower", "one", "minority", "majority", "all"}},
      {"power", {""}, {"leader", "leader", "follower", "one", "minority", "majority", "all"}},
      {"pause", {""}, {"leader", "leader", "follower", "one", "minority", "majority"}},
      {"clock",
       {"jump-forward", "jump-back", "fast", "slow", "freeze"},
       {"leader", "follower", "one", "minority", "all"}},
      {"packets",
       {"delay", "loss", "duplicate", "reorder"},
       {"leader", "follower", "one", "minority", "all"}},
      {"disk", {"slow", "full", "sync-error"}, {"leader", "follower", "one", "minority"}},
      {"transfer", {""}, {"follower", "one"}},
      {"members", {"remove", "demote"}, {"leader", "follower", "one", "minority"}},
  };
  return all;
}

template <class Item>
const Item& pick(Rng& rng, const std::vector<Item>& items) {
  return items[rng.below(items.size())];
}

Duration between(Rng& rng, Duration low, Duration high) {
  return Duration(rng.between(low.ns(), high.ns()));
}

/// Whole milliseconds, which plans print and nodes parse.
std::string flag(Duration duration) {
  return fmt::format("{}ms", duration.ms());
}

/// What a seed is about. Most are about nothing in particular.
enum class Mood {
  kAny,
  kStorm,  ///< messages as slow as elections, and nodes that come and go: votes, terms, half-replicated logs
  kLag,    ///< logs cut short and links that stall: snapshots, late and twice
};

Mood draw_mood(Rng& rng) {
  static const std::vector<Mood> kMoods{Mood::kAny, Mood::kAny, Mood::kStorm, Mood::kLag};
  return pick(rng, kMoods);
}

void draw_cluster(Rng& rng, Mood mood, Plan& plan) {
  static const std::vector<std::uint32_t> kNodes{3, 3, 3, 4, 5, 5, 5, 6, 7};
  plan.nodes = pick(rng, kNodes);
  static const std::vector<std::int64_t> kTimeouts{150, 300, 500, 1000, 1000};
  const Duration timeout = milliseconds(mood == Mood::kStorm ? 150 : pick(rng, kTimeouts));
  plan.node_flags["election-timeout"] = flag(timeout);
  plan.node_flags["heartbeat"] = flag(timeout / rng.between(3, 5));
  plan.node_flags["request-timeout"] = "2000ms";
  static const std::vector<std::string> kReads{"read-index", "read-index", "read-index", "lease", "log"};
  plan.node_flags["read-mode"] = pick(rng, kReads);
  if (rng.chance(1, 4)) plan.node_flags["on-follower"] = "redirect";
  if (rng.chance(1, 4)) plan.node_flags["check-quorum"] = "false";
  if (mood == Mood::kLag || rng.chance(1, 3)) {
    const std::int64_t every = mood == Mood::kLag ? rng.between(4, 12) : rng.between(5, 60);
    plan.node_flags["snapshot-every"] = fmt::format("{}", every);
    plan.node_flags["snapshot-keep"] = fmt::format("{}", rng.between(1, every / 2));
  }
}

void draw_load(Rng& rng, Plan& plan) {
  plan.workload.keys = static_cast<std::uint32_t>(rng.between(1, 6));
  plan.workload.operations_per_key = static_cast<std::uint32_t>(rng.between(50, 300));
  plan.workload.concurrency_per_key = static_cast<std::uint32_t>(rng.between(3, 6));
  plan.workload.read_weight = static_cast<std::uint32_t>(rng.between(2, 6));
  plan.workload.write_weight = static_cast<std::uint32_t>(rng.between(1, 6));
  plan.workload.cas_weight = static_cast<std::uint32_t>(rng.between(0, 3));
  const std::uint32_t room = plan.workload.keys * plan.workload.concurrency_per_key;
  plan.load.concurrency = static_cast<std::uint32_t>(rng.between(3, std::min<std::uint32_t>(room, 10)));
  plan.load.open = rng.chance(1, 4);
  plan.load.rate = static_cast<std::uint32_t>(rng.between(20, 60));
  plan.client.operation_timeout = milliseconds(rng.between(300, 2500));
  plan.client.retry = rng.chance(1, 2);
  plan.client.attempt_timeout = Duration(plan.client.operation_timeout.ns() / rng.between(2, 6));
  plan.client.sticky = rng.chance(1, 2);
}

void draw_machines(Rng& rng, Mood mood, Plan& plan) {
  SimPlan& sim = plan.sim;
  static const std::vector<std::int64_t> kDelays{300, 1'000, 5'000, 20'000};
  sim.delay_max = microseconds(pick(rng, kDelays));
  sim.delay_min = Duration(sim.delay_max.ns() / rng.between(2, 10));
  if (mood != Mood::kAny || rng.chance(1, 2)) {
    const std::int64_t often = mood == Mood::kAny ? 50 : 300;
    sim.slow = static_cast<std::uint32_t>(rng.between(often / 10, often));
    sim.slow_max = milliseconds(rng.between(10, 400));
  }
  if (rng.chance(1, 3)) sim.loss = static_cast<std::uint32_t>(rng.between(1, 50));
  if (mood == Mood::kLag || rng.chance(1, 3))
    sim.duplicates = static_cast<std::uint32_t>(rng.between(1, mood == Mood::kLag ? 200 : 50));
  sim.overtaking = mood == Mood::kLag || rng.chance(1, 2);
  if (rng.chance(1, 4)) sim.bandwidth = static_cast<std::uint64_t>(rng.between(50'000, 2'000'000));
  if (rng.chance(1, 2)) sim.kept_by_cuts = static_cast<std::uint32_t>(rng.between(100, 1000));
  static const std::vector<std::int64_t> kSyncs{200, 1'000, 10'000, 50'000};
  sim.sync_max = microseconds(pick(rng, kSyncs));
  sim.sync_min = Duration(sim.sync_max.ns() / rng.between(2, 10));
}

/// The budget: a fault that a protocol does not promise to survive is never asked for.
bool allowed(const Plan& plan, const FaultRequest& request) {
  // A lease trusts that clocks drift little (thesis 6.4.1): standing still is no drift.
  const bool lease = plan.node_flags.at("read-mode") == "lease";
  return !(lease && request.fault == "clock" && request.shape == "freeze");
}

FaultRequest draw_request(Rng& rng, const Plan& plan, const std::vector<const Kind*>& on) {
  for (;;) {
    const Kind& kind = *on[rng.below(on.size())];
    FaultRequest request;
    request.fault = kind.fault;
    request.shape = pick(rng, kind.shapes);
    request.target = pick(rng, kind.targets);
    if (allowed(plan, request) && check_fault(request, plan.nodes).ok()) return request;
  }
}

void draw_faults(Rng& rng, Mood mood, Plan& plan) {
  std::vector<const Kind*> on;
  // One of the first four is always worth having: a run without any shows nothing.
  on.push_back(&kinds()[rng.below(4)]);
  for (const Kind& kind : kinds()) {
    if (rng.chance(1, 2) && &kind != on.front()) on.push_back(&kind);
  }
  static const std::vector<std::int64_t> kGaps{300, 1'000, 3'000, 6'000};
  const Duration gap = milliseconds(mood == Mood::kStorm ? 400 : pick(rng, kGaps));
  static const std::vector<std::int64_t> kLengths{300, 1'000, 4'000};
  const Duration length = milliseconds(mood == Mood::kStorm ? 300 : pick(rng, kLengths));
  Duration at = milliseconds(rng.between(100, 2'000));
  while (at < plan.time_limit - seconds(1)) {
    FaultEvent event;
    event.at = milliseconds(at.ms());
    event.length = milliseconds(std::max<std::int64_t>(100, between(rng, length / 5, length).ms()));
    event.request = draw_request(rng, plan, on);
    if (event.at + event.length <= plan.time_limit) plan.fault_events.push_back(std::move(event));
    at = at + between(rng, gap / 10, gap);
  }
}

}  // namespace

Plan draw_plan(const SwarmOptions& options, std::uint64_t seed) {
  const Rng rng = Rng(seed).split("swarm");
  Plan plan;
  plan.name = "swarm";
  plan.protocol = options.protocol;
  plan.plants = options.plants;
  plan.time_limit = options.time_limit;
  plan.seed = seed;
  Rng moods = rng.split("mood");
  const Mood mood = draw_mood(moods);
  Rng cluster = rng.split("cluster");
  draw_cluster(cluster, mood, plan);
  Rng load = rng.split("load");
  draw_load(load, plan);
  Rng machines = rng.split("machines");
  draw_machines(machines, mood, plan);
  Rng faults = rng.split("faults");
  draw_faults(faults, mood, plan);
  plan.expect_operations = 0;
  plan.expect_faults = 0;
  return plan;
}

}  // namespace ordeal::sim
