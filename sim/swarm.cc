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
       {"delay", "loss", "duplicate", "reorder", "throttle", "clog"},
       {"leader", "follower", "one", "minority", "all"}},
      {"disk",
       {"slow", "full", "sync-error", "lie", "unreadable"},
       {"leader", "follower", "one", "minority"}},
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
  kElections,  ///< hardly elected, a leader is cut off or gone: terms in which little was replicated
  kLeases,     ///< reads by lease, while clocks jump, nodes stand still and leadership is handed over
  kMembers,    ///< members come and go while leaders change and nodes lag
};

Mood draw_mood(Rng& rng) {
  static const std::vector<Mood> kMoods{Mood::kAny,       Mood::kAny,    Mood::kStorm,  Mood::kLag,
                                        Mood::kElections, Mood::kLeases, Mood::kMembers};
  return pick(rng, kMoods);
}

Duration draw_election_timeout(Rng& rng, Mood mood) {
  static const std::vector<std::int64_t> kAny{150, 300, 500, 1000, 1000};
  static const std::vector<std::int64_t> kLong{300, 500, 1000};
  static const std::vector<std::int64_t> kShort{150, 300};
  switch (mood) {
    case Mood::kStorm:
    case Mood::kElections:
      return milliseconds(150);
    case Mood::kLeases:
      return milliseconds(pick(rng, kLong));
    case Mood::kMembers:
      return milliseconds(pick(rng, kShort));
    case Mood::kAny:
    case Mood::kLag:
      break;
  }
  return milliseconds(pick(rng, kAny));
}

void draw_reads(Rng& rng, Mood mood, Plan& plan) {
  static const std::vector<std::string> kReads{"read-index", "read-index", "read-index", "lease", "log"};
  plan.node_flags["read-mode"] = mood == Mood::kLeases ? "lease" : pick(rng, kReads);
  if (plan.node_flags["read-mode"] == "lease" && rng.chance(1, 2))
    plan.node_flags["clock-drift-max"] = "10ms";
}

void draw_log(Rng& rng, Mood mood, Plan& plan) {
  const bool small = mood == Mood::kElections || mood == Mood::kMembers;
  // An entry or two a message, few at a time: what one leader left behind arrives long before what the next
  // one adds to it.
  if (rng.chance(1, small ? 2 : 6)) {
    plan.node_flags["append-bytes-max"] = fmt::format("{}", rng.between(1, 200));
    if (rng.chance(1, 2)) plan.node_flags["inflight-messages-max"] = fmt::format("{}", rng.between(1, 4));
  }
  const bool cut_short = mood == Mood::kLag || (mood == Mood::kMembers && rng.chance(3, 4));
  if (!cut_short && !rng.chance(1, 3)) return;
  const std::int64_t every = small || mood == Mood::kLag ? rng.between(4, 12) : rng.between(5, 60);
  plan.node_flags["snapshot-every"] = fmt::format("{}", every);
  plan.node_flags["snapshot-keep"] = fmt::format("{}", rng.between(1, every / 2));
}

void draw_cluster(Rng& rng, Mood mood, Plan& plan) {
  static const std::vector<std::uint32_t> kNodes{3, 3, 3, 4, 5, 5, 5, 6, 7};
  static const std::vector<std::uint32_t> kManyNodes{4, 4, 5, 5, 6, 7};
  plan.nodes = pick(rng, mood == Mood::kMembers ? kManyNodes : kNodes);
  const Duration timeout = draw_election_timeout(rng, mood);
  plan.node_flags["election-timeout"] = flag(timeout);
  plan.node_flags["heartbeat"] = flag(timeout / rng.between(3, 5));
  plan.node_flags["request-timeout"] = "2000ms";
  draw_reads(rng, mood, plan);
  if (rng.chance(1, 4)) plan.node_flags["on-follower"] = "redirect";
  if (rng.chance(1, mood == Mood::kLeases ? 2 : 4)) plan.node_flags["check-quorum"] = "false";
  if (rng.chance(1, mood == Mood::kElections ? 2 : 8)) plan.node_flags["pre-vote"] = "false";
  draw_log(rng, mood, plan);
}

void draw_load(Rng& rng, Mood mood, Plan& plan) {
  const bool reads = mood == Mood::kLeases;
  plan.workload.keys = static_cast<std::uint32_t>(rng.between(1, reads ? 3 : 6));
  plan.workload.operations_per_key = static_cast<std::uint32_t>(rng.between(800, 2400) / plan.workload.keys);
  plan.workload.concurrency_per_key = static_cast<std::uint32_t>(rng.between(3, 6));
  plan.workload.read_weight = static_cast<std::uint32_t>(rng.between(reads ? 5 : 2, reads ? 12 : 6));
  plan.workload.write_weight = static_cast<std::uint32_t>(rng.between(1, 6));
  plan.workload.cas_weight = static_cast<std::uint32_t>(rng.between(0, 3));
  const std::uint32_t room = plan.workload.keys * plan.workload.concurrency_per_key;
  plan.load.concurrency = static_cast<std::uint32_t>(rng.between(3, std::min<std::uint32_t>(room, 10)));
  plan.load.open = rng.chance(1, 4);
  plan.load.rate = static_cast<std::uint32_t>(rng.between(reads ? 40 : 25, 80));
  plan.client.operation_timeout = milliseconds(rng.between(300, 2500));
  plan.client.retry = rng.chance(1, 2);
  plan.client.attempt_timeout = Duration(plan.client.operation_timeout.ns() / rng.between(2, 6));
  plan.client.sticky = rng.chance(1, 2);
}

void draw_machines(Rng& rng, Mood mood, Plan& plan) {
  SimPlan& sim = plan.sim;
  // Elections that are in trouble by their faults shall not also be by the machines: nothing would be
  // achieved.
  const bool quick = mood == Mood::kElections;
  static const std::vector<std::int64_t> kDelays{300, 1'000, 5'000, 20'000};
  static const std::vector<std::int64_t> kQuickDelays{300, 1'000, 5'000};
  sim.delay_max = microseconds(pick(rng, quick ? kQuickDelays : kDelays));
  sim.delay_min = Duration(sim.delay_max.ns() / rng.between(2, 10));
  sim.exponential = rng.chance(1, 3);
  if (mood != Mood::kAny || rng.chance(1, 2)) {
    const std::int64_t often = mood == Mood::kAny ? 50 : 300;
    sim.slow = static_cast<std::uint32_t>(rng.between(often / 10, often));
    sim.slow_max = milliseconds(rng.between(mood == Mood::kLeases ? 100 : 10, 400));
  }
  if (rng.chance(1, 3)) sim.loss = static_cast<std::uint32_t>(rng.between(1, 50));
  if (mood == Mood::kLag || rng.chance(1, 3))
    sim.duplicates = static_cast<std::uint32_t>(rng.between(1, mood == Mood::kLag ? 200 : 50));
  sim.overtaking = mood == Mood::kLag || rng.chance(1, 2);
  if (rng.chance(1, 4)) sim.bandwidth = static_cast<std::uint64_t>(rng.between(50'000, 2'000'000));
  if (rng.chance(1, 2)) sim.kept_by_cuts = static_cast<std::uint32_t>(rng.between(100, 1000));
  static const std::vector<std::int64_t> kSyncs{200, 1'000, 10'000, 50'000};
  static const std::vector<std::int64_t> kQuickSyncs{200, 1'000, 10'000};
  sim.sync_max = microseconds(pick(rng, quick ? kQuickSyncs : kSyncs));
  sim.sync_min = Duration(sim.sync_max.ns() / rng.between(2, 10));
  static const std::vector<std::int64_t> kClientDelays{400, 400, 5'000, 50'000};
  sim.client_delay_max = microseconds(pick(rng, kClientDelays));
  sim.client_delay_min = Duration(sim.client_delay_max.ns() / rng.between(2, 10));
  if (rng.chance(1, 3)) sim.client_loss = static_cast<std::uint32_t>(rng.between(1, 50));
  // Each chunk of a snapshot waits for the disk: many small ones on a slow disk would take longer than
  // anybody waits.
  if (rng.chance(1, 3) && sim.sync_max < milliseconds(10))
    plan.node_flags["snapshot-chunk-bytes"] = fmt::format("{}", rng.between(200, 4000));
}

bool is_set(const Plan& plan, const std::string& flag, std::string_view value) {
  const auto set = plan.node_flags.find(flag);
  return set != plan.node_flags.end() && set->second == value;
}

bool has(const std::vector<const Kind*>& on, std::string_view fault) {
  return std::any_of(on.begin(), on.end(), [&](const Kind* kind) { return kind->fault == fault; });
}

/// The budget: a fault that a protocol does not promise to survive is never asked for.
bool allowed(const Plan& plan, const FaultRequest& request, bool power) {
  // What a lying disk has called durable, a power loss takes, and Raft counts on it (thesis 3.8).
  if (request.shape == "lie" && power) return false;
  // Without pre-vote a removed node stands for election for ever (thesis 4.2.3).
  if (request.fault == "members" && is_set(plan, "pre-vote", "false")) return false;
  if (request.fault != "clock" || !is_set(plan, "read-mode", "lease")) return true;
  // A lease trusts that clocks drift little (thesis 6.4.1): standing still is no drift, and several faults in
  // force at once add up.
  if (request.shape == "freeze") return false;
  const bool trusts = is_set(plan, "clock-drift-max", "10ms");
  return !trusts || (request.shape != "fast" && request.shape != "slow");
}

FaultRequest draw_request(Rng& rng, const Plan& plan, const std::vector<const Kind*>& on) {
  const bool power = has(on, "power");
  for (;;) {
    const Kind& kind = *on[rng.below(on.size())];
    FaultRequest request;
    request.fault = kind.fault;
    request.shape = pick(rng, kind.shapes);
    request.target = pick(rng, kind.targets);
    if (allowed(plan, request, power) && check_fault(request, plan.nodes).ok()) return request;
  }
}

bool belongs(Mood mood, std::string_view fault) {
  switch (mood) {
    case Mood::kElections:
      return fault != "clock" && fault != "members";
    case Mood::kLeases:
      return fault == "partition" || fault == "pause" || fault == "clock" || fault == "packets" ||
             fault == "transfer";
    case Mood::kMembers:
      return fault != "clock" && fault != "disk";
    case Mood::kAny:
    case Mood::kStorm:
    case Mood::kLag:
      break;
  }
  return true;
}

/// Whether the mood is about this kind of fault, and would be nothing without it.
bool is_subject(Mood mood, std::string_view fault) {
  if (mood == Mood::kLeases) return fault == "partition" || fault == "clock" || fault == "pause";
  return mood == Mood::kMembers && fault == "members";
}

std::vector<const Kind*> draw_kinds(Rng& rng, Mood mood) {
  std::vector<const Kind*> on;
  // One of the first four is always worth having: a run without any shows nothing.
  const std::size_t first = mood == Mood::kLeases ? 0 : rng.below(4);
  for (std::size_t i = 0; i < kinds().size(); ++i) {
    const Kind& kind = kinds()[i];
    const bool drawn = belongs(mood, kind.fault) && rng.chance(is_subject(mood, kind.fault) ? 4 : 2, 5);
    if (drawn || i == first) on.push_back(&kind);
  }
  return on;
}

/// When faults come, and how long they last.
struct Pace {
  Duration gap;     ///< between two, at most
  Duration length;  ///< of one, at most
};

Pace draw_pace(Rng& rng, Mood mood, Duration election_timeout) {
  static const std::vector<std::int64_t> kGaps{300, 1'000, 3'000, 6'000};
  static const std::vector<std::int64_t> kLengths{300, 1'000, 4'000};
  // Where leaders shall change, what counts is how long a fault lasts beside an election timeout.
  static const std::vector<std::int64_t> kElections{1, 2, 4};
  static const std::vector<std::int64_t> kReigns{3, 6, 12};
  switch (mood) {
    case Mood::kStorm:
      return {milliseconds(400), milliseconds(300)};
    case Mood::kElections:
      return {election_timeout * pick(rng, kElections), election_timeout * pick(rng, kElections)};
    case Mood::kLeases:
      return {election_timeout * pick(rng, kElections), election_timeout * pick(rng, kReigns)};
    case Mood::kMembers:
      return {election_timeout * pick(rng, kElections) * 2, election_timeout * pick(rng, kReigns) * 2};
    case Mood::kAny:
    case Mood::kLag:
      break;
  }
  const Duration gap = milliseconds(pick(rng, kGaps));
  return {gap, milliseconds(pick(rng, kLengths))};
}

/// Moments of which faults wait, and of how many faults in a hundred that is so.
struct Moments {
  std::vector<NodeEventKind> kinds;
  std::uint64_t percent = 0;
};

Moments draw_moments(Rng& rng, Mood mood) {
  static const std::vector<NodeEventKind> kOfElections{
      NodeEventKind::kLeaderElected, NodeEventKind::kLeaderElected, NodeEventKind::kElectionStarted,
      NodeEventKind::kVoteGranted,   NodeEventKind::kTermChanged,   NodeEventKind::kLeaderSteppedDown};
  static const std::vector<NodeEventKind> kOthers{
      NodeEventKind::kLogCut,          NodeEventKind::kLogCompacted,
      NodeEventKind::kSnapshotStarted, NodeEventKind::kSnapshotInstalled,
      NodeEventKind::kMembersChanged,  NodeEventKind::kTransferStarted,
      NodeEventKind::kNodeStarted,     NodeEventKind::kEntryAppended,
      NodeEventKind::kEntryCommitted,  NodeEventKind::kBeforeSync,
      NodeEventKind::kAfterSync};
  static const std::vector<std::uint64_t> kPercents{0, 0, 25, 75};
  static const std::vector<std::uint64_t> kManyPercents{0, 50, 75};
  Moments moments;
  moments.percent = pick(rng, mood == Mood::kElections || mood == Mood::kMembers ? kManyPercents : kPercents);
  for (std::uint64_t n = rng.between(1, 3); n > 0; --n)
    moments.kinds.push_back(pick(rng, rng.chance(1, 2) ? kOfElections : kOthers));
  return moments;
}

/// Lets the fault wait for a moment, and mostly strike the node that had it.
void await_moment(Rng& rng, const Moments& moments, Duration election_timeout, const Plan& plan,
                  FaultEvent& event) {
  if (!rng.chance(moments.percent, 100)) return;
  FaultTrigger trigger;
  trigger.kind = pick(rng, moments.kinds);
  trigger.count = static_cast<std::uint32_t>(rng.between(1, 2));
  // At that very moment, or while what began then goes on.
  if (rng.chance(1, 2)) trigger.after = milliseconds(rng.between(0, election_timeout.ms()));
  if (event.at + trigger.after + event.length > plan.time_limit) return;
  FaultRequest there = event.request;
  there.target = kThatNode;
  if (rng.chance(3, 4) && check_fault(at_node(there, NodeId(1)), plan.nodes).ok()) event.request = there;
  event.trigger = std::move(trigger);
}

/// Swizzle clogging (FoundationDB): the links of some nodes are clogged one node after the other, and set
/// free in another order.
void draw_swizzle(Rng& rng, Duration at, Duration step, Plan& plan) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t n = 1; n <= plan.nodes; ++n) order.push_back(n);
  rng.shuffle(order);
  order.resize(rng.between(2, plan.nodes));
  const auto steps = static_cast<std::int64_t>(order.size());
  std::vector<std::int64_t> places;
  for (std::int64_t i = 0; i < steps; ++i) places.push_back(i);
  rng.shuffle(places);
  for (std::int64_t i = 0; i < steps; ++i) {
    FaultEvent event;
    event.at = milliseconds((at + step * i).ms());
    const Duration end = at + step * (steps + places[static_cast<std::size_t>(i)]);
    event.length = milliseconds(std::max<std::int64_t>(100, (end - event.at).ms()));
    event.request = {"packets", "clog", node_name(NodeId(order[static_cast<std::size_t>(i)]))};
    if (event.at + event.length <= plan.time_limit) plan.fault_events.push_back(std::move(event));
  }
}

void draw_faults(Rng& rng, Mood mood, Plan& plan) {
  const std::vector<const Kind*> on = draw_kinds(rng, mood);
  const Moments moments = draw_moments(rng, mood);
  const Duration timeout = *parse_duration(plan.node_flags.at("election-timeout"));
  const auto [gap, length] = draw_pace(rng, mood, timeout);
  Duration at = milliseconds(rng.between(100, 2'000));
  const bool swizzles = has(on, "packets") && rng.chance(1, 3);
  while (at < plan.time_limit - seconds(1)) {
    if (swizzles && rng.chance(1, 10)) draw_swizzle(rng, at, between(rng, length / 10, length / 2), plan);
    FaultEvent event;
    event.at = milliseconds(at.ms());
    event.length = milliseconds(std::max<std::int64_t>(100, between(rng, length / 5, length).ms()));
    event.request = draw_request(rng, plan, on);
    await_moment(rng, moments, timeout, plan, event);
    if (event.at + event.length <= plan.time_limit) plan.fault_events.push_back(std::move(event));
    at = at + between(rng, gap / 10, gap);
    // Now and then all is well for a while: faults find nothing to spoil where nothing was achieved.
    if (gap < seconds(1) && rng.chance(1, 10)) at = at + length + milliseconds(rng.between(500, 3'000));
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
  draw_load(load, mood, plan);
  Rng machines = rng.split("machines");
  draw_machines(machines, mood, plan);
  Rng faults = rng.split("faults");
  draw_faults(faults, mood, plan);
  plan.expect_operations = 0;
  plan.expect_faults = 0;
  return plan;
}

}  // namespace ordeal::sim
