// The environment port in virtual time: faults, their probes, the final heal; and the liveness phase.

#include "common/check.h"
#include "nemesis/faults/members.h"
#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::sim {
namespace {

constexpr Duration kVerbMin = milliseconds(1);
constexpr Duration kVerbMax = milliseconds(20);
/// For so long the cluster is asked until a leader agrees, as on real nodes.
constexpr Duration kAgreeLimit = seconds(6);
constexpr const char* kGivenUp = "taken away before a leader agreed";
/// Election timeouts for which the liveness phase lets things move on, whatever they move to: a learner that
/// gets thousands of entries one by one from slow disks needs about a thousand.
constexpr int kLookMax = 3'000;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

template <class Item>
bool contains(const std::vector<Item>& items, const Item& item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

/// These are done by the cluster, when its leader agrees.
bool is_asked_of_cluster(const FaultSpec& spec) {
  return std::holds_alternative<TransferFault>(spec) || std::holds_alternative<MembersFault>(spec);
}

/// A link that is only as good as a PacketFault leaves it.
Weather worsened(Weather weather, const PacketFault& fault) {
  weather.delay_min = weather.delay_min + fault.delay;
  weather.delay_max = weather.delay_max + fault.delay + fault.jitter;
  weather.loss = std::min(1000U, weather.loss + fault.loss * 10);
  weather.duplicates = std::min(1000U, weather.duplicates + fault.duplicates * 10);
  weather.overtaking = weather.overtaking || fault.overtaking;
  const std::uint64_t narrow = fault.bytes_per_second;
  if (narrow > 0 && (weather.bytes_per_second == 0 || narrow < weather.bytes_per_second))
    weather.bytes_per_second = narrow;
  return weather;
}

/// Whether both clocks, read twice, are wrong the way the fault makes them: another one may have undone it.
bool shows(const NodeClock& clock, const ClockFault& fault, MonotonicTime now) {
  const Now here = clock.read(now);
  const Now later = clock.read(now + seconds(1));
  const std::int64_t gained = ((later.monotonic - here.monotonic) - seconds(1)).ns();
  const std::int64_t ahead = ((here.wall - kWallZero) - (here.monotonic - MonotonicTime())).ns();
  const auto alike = [](std::int64_t seen, std::int64_t asked) {
    return asked == 0 || (seen != 0 && (seen > 0) == (asked > 0));
  };
  return alike(gained, fault.rate_ppm) && alike(ahead, fault.wall_jump.ns());
}

/// Grows while a node moves on. A leader of a new term commits nothing before an entry of its own is on a
/// majority, so all that was left before it must get there first; and of a snapshot that comes in small parts
/// nothing is executed before the last one is there.
std::uint64_t progress_of(Node& node, const ProtocolStatus& status) {
  return status.applied.value() + status.last_index.value() + node.storage().parts_staged();
}

}  // namespace

void World::environment(EnvironmentRequest request) {
  EnvironmentResult result;
  result.id = request.id;
  result.earliest = now_;
  result.outcome = EnvironmentOutcome::kVerified;
  bool seen = true;
  bool waits = false;
  std::visit(Overloaded{[&](ApplyFault& apply) {
                          if (!faults_.emplace(apply.fault, apply.spec).second) return;  // idempotent
                          if (is_asked_of_cluster(apply.spec)) {
                            waiting_.emplace(apply.fault, Waiting{result, now_ + kAgreeLimit});
                            queue_.push(now_, AskCluster{apply.fault});
                            waits = true;
                            return;
                          }
                          put_in_force(apply.spec);
                          seen = in_force(apply.spec);
                        },
                        [&](const RemoveFault& remove) {
                          const auto fault = faults_.find(remove.fault);
                          if (fault == faults_.end()) return;
                          const FaultSpec spec = std::move(fault->second);
                          faults_.erase(fault);
                          settle(remove.fault, EnvironmentOutcome::kDeclined, kGivenUp);
                          take_away(spec);
                        },
                        [&](const ProbeFault& probe) {
                          const auto fault = faults_.find(probe.fault);
                          seen = fault != faults_.end() && !waiting_.contains(probe.fault) &&
                                 in_force(fault->second);
                        },
                        [&](const HealAll&) { heal_everything(); }},
             request.verb);
  if (waits) return;
  if (!seen) {
    result.outcome = EnvironmentOutcome::kUnverified;
    result.reason = "the simulated cluster does not show it";
  }
  answer(std::move(result));
}

void World::answer(EnvironmentResult result) {
  const MonotonicTime at = now_ + between(kVerbMin, kVerbMax);
  result.latest = at;
  queue_.push(at, EnvironmentAnswer{std::move(result)});
}

void World::put_in_force(const FaultSpec& spec) {
  std::visit(Overloaded{[&](const PartitionFault& fault) {
                          for (const Cut& link : fault.cuts) network_.cut(link);
                        },
                        [&](const KillFault& fault) {
                          for (const NodeId node : fault.nodes) stop_node(node, /*power=*/false);
                        },
                        [&](const PowerFault& fault) {
                          for (const NodeId node : fault.nodes) stop_node(node, /*power=*/true);
                        },
                        [&](const PauseFault& fault) {
                          for (const NodeId node : fault.nodes) {
                            marks_.paused(node, place(node).leader);
                            this->node(node).pause();
                          }
                        },
                        [&](const ClockFault& fault) {
                          for (const NodeId node : fault.nodes) {
                            this->node(node).clock().jump_wall(fault.wall_jump);
                            refresh_clock(node);
                          }
                        },
                        [&](const PacketFault& fault) {
                          refresh_links(fault.links);
                          if (!fault.clogged) return;
                          for (const Cut& link : fault.links) network_.clog(link);
                        },
                        [&](const DiskFault& fault) {
                          for (const NodeId node : fault.nodes) {
                            refresh_disk(node);
                            if (fault.unreadable) this->node(node).storage().damage();
                          }
                        },
                        [](const TransferFault&) {}, [](const MembersFault&) {}},
             spec);
}

void World::take_away(const FaultSpec& spec) {
  const auto restart = [&](NodeId node) {
    if (!this->node(node).running()) start_node(node);
  };
  std::visit(Overloaded{[&](const PartitionFault& fault) {
                          for (const Cut& link : fault.cuts) uncut(link);
                        },
                        [&](const KillFault& fault) {
                          for (const NodeId node : fault.nodes) restart(node);
                        },
                        [&](const PowerFault& fault) {
                          for (const NodeId node : fault.nodes) restart(node);
                        },
                        [&](const PauseFault& fault) {
                          for (const NodeId node : fault.nodes) {
                            marks_.resumed(node);
                            this->node(node).resume(now_);
                          }
                        },
                        [&](const ClockFault& fault) {
                          for (const NodeId node : fault.nodes) {
                            this->node(node).clock().jump_wall(Duration(-fault.wall_jump.ns()));
                            refresh_clock(node);
                          }
                        },
                        [&](const PacketFault& fault) {
                          refresh_links(fault.links);
                          if (!fault.clogged) return;
                          for (const Cut& link : fault.links) unclog(link);
                        },
                        [&](const DiskFault& fault) {
                          for (const NodeId node : fault.nodes) {
                            refresh_disk(node);
                            if (!is_unreadable(node)) this->node(node).storage().mend();
                            if (!held_down(node)) restart(node);  // It may have ended by itself.
                          }
                        },
                        [](const TransferFault&) {}, [&](const MembersFault&) { ask_for_members(); }},
             spec);
}

/// The probes: what the world shows, not what was asked of it.
bool World::in_force(const FaultSpec& spec) const {
  const auto all = [](const auto& items, auto test) { return std::all_of(items.begin(), items.end(), test); };
  const auto down = [&](NodeId id) { return !place(id).node->running(); };
  return std::visit(
      Overloaded{[&](const PartitionFault& fault) {
                   return all(fault.cuts, [&](const Cut& link) { return !network_.open(link); });
                 },
                 [&](const KillFault& fault) { return all(fault.nodes, down); },
                 [&](const PowerFault& fault) { return all(fault.nodes, down); },
                 [&](const PauseFault& fault) {
                   return all(fault.nodes, [&](NodeId id) { return place(id).node->paused() || down(id); });
                 },
                 [&](const ClockFault& fault) {
                   return all(fault.nodes,
                              [&](NodeId id) { return shows(place(id).node->clock(), fault, now_); });
                 },
                 [&](const PacketFault& fault) {
                   return all(fault.links, [&](const Cut& link) {
                     if (fault.clogged) return !network_.open(link);
                     return network_.weather(link) != network_.usual_weather();
                   });
                 },
                 [&](const DiskFault& fault) {
                   return all(fault.nodes, [&](NodeId id) {
                     // Nothing has been written yet, or what was damaged is written again.
                     if (fault.unreadable && !place(id).node->storage().damaged()) return false;
                     return place(id).node->disk_health() == disk_health(id);
                   });
                 },
                 // What no leader has agreed to yet waits, and is not asked about here.
                 [](const TransferFault&) { return true; }, [](const MembersFault&) { return true; }},
      spec);
}

// Faults overlap. What a link, a clock or a disk is like is worked out from all that are in force, so that
// the end of one does not end another.

void World::refresh_links(const std::vector<Cut>& links) {
  for (const Cut& link : links) {
    Weather weather = network_.usual_weather();
    for (const auto& [id, spec] : faults_) {
      const auto* fault = std::get_if<PacketFault>(&spec);
      if (fault != nullptr && contains(fault->links, link)) weather = worsened(weather, *fault);
    }
    network_.set_weather(link, weather);
  }
}

std::int64_t World::clock_rate(NodeId node) const {
  std::int64_t ppm = 0;
  for (const auto& [id, spec] : faults_) {
    const auto* fault = std::get_if<ClockFault>(&spec);
    if (fault != nullptr && contains(fault->nodes, node)) ppm += fault->rate_ppm;
  }
  return std::max<std::int64_t>(ppm, -1'000'000);
}

void World::refresh_clock(NodeId node) {
  Node& at = this->node(node);
  at.clock().set_rate(now_, clock_rate(node));
  if (at.running()) at.wake(now_);  // Its deadlines are at other moments now.
}

DiskHealth World::disk_health(NodeId node) const {
  DiskHealth health = settings_.disk();
  for (const auto& [id, spec] : faults_) {
    const auto* fault = std::get_if<DiskFault>(&spec);
    if (fault == nullptr || !contains(fault->nodes, node)) continue;
    health.full = health.full || fault->full;
    health.failing = health.failing || fault->failing_sync;
    health.lies = health.lies || fault->lies;
    health.sync_max = health.sync_max + fault->delay;
  }
  return health;
}

/// Killed or without power by a fault in force.
bool World::held_down(NodeId node) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const auto& fault) {
    return !std::holds_alternative<PauseFault>(fault.second) && contains(nodes_down(fault.second), node);
  });
}

void World::refresh_disk(NodeId node) {
  this->node(node).storage().health() = disk_health(node);
}

bool World::is_unreadable(NodeId node) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const auto& fault) {
    const auto* disk = std::get_if<DiskFault>(&fault.second);
    return disk != nullptr && disk->unreadable && contains(disk->nodes, node);
  });
}

void World::uncut(Cut link) {
  if (network_.uncut(link)) release(link);
}

void World::unclog(Cut link) {
  if (network_.unclog(link)) release(link);
}

void World::release(Cut link) {
  // In the order in which it was sent.
  std::vector<Kept> waiting;
  for (Kept& kept : kept_) {
    if (kept.link == link) waiting.push_back(std::move(kept));
  }
  std::erase_if(kept_, [&](const Kept& kept) { return kept.link == link; });
  std::sort(waiting.begin(), waiting.end(),
            [](const Kept& a, const Kept& b) { return a.message < b.message; });
  for (Kept& kept : waiting) {
    const Network::Fate fate = network_.send(now_, link, kept.payload.size());
    if (fate.second) queue_.push(*fate.second, PeerArrival{link, kept.life, kept.message, kept.payload});
    if (fate.first)
      queue_.push(*fate.first, PeerArrival{link, kept.life, kept.message, std::move(kept.payload)});
    if (!fate.first && !fate.second) tell_lost(link, kept.message, "dropped by the network");
  }
}

// --- What the cluster is asked for

void World::on(const AskCluster& event) {
  const auto fault = faults_.find(event.fault);
  if (fault == faults_.end()) return;
  const auto* transfer = std::get_if<TransferFault>(&fault->second);
  const auto waiting = waiting_.find(event.fault);
  // Who was handed leadership once is not handed it again.
  if (transfer != nullptr && waiting == waiting_.end()) return;
  const bool agreed = transfer != nullptr ? ask_for_transfer(transfer->target) : ask_for_members();
  if (waiting != waiting_.end()) {
    if (agreed) {
      settle(event.fault, EnvironmentOutcome::kVerified, "");
    } else if (now_ >= waiting->second.deadline) {
      return settle(event.fault, EnvironmentOutcome::kDeclined, "no leader agreed");
    }
  }
  queue_.push(now_ + between(milliseconds(20), settings_.election_timeout()), AskCluster{event.fault});
}

void World::on(const AskForMembers& /*event*/) {
  ask_for_members();
}

void World::settle(FaultId fault, EnvironmentOutcome outcome, std::string reason) {
  auto waiting = waiting_.extract(fault);
  if (waiting.empty()) return;
  EnvironmentResult result = std::move(waiting.mapped().result);
  result.outcome = outcome;
  result.reason = std::move(reason);
  answer(std::move(result));
}

bool World::ask_for_transfer(NodeId target) {
  // Each is asked: those that do not lead refuse. Who leads already has what is asked for.
  bool agreed = leads(target);
  for (Place& at : places_) agreed = at.node->transfer(now_, target) || agreed;
  return agreed;
}

bool World::leads(NodeId node) const {
  const Place& here = place(node);
  return here.leader && here.node->running() &&
         std::none_of(places_.begin(), places_.end(), [&](const Place& at) {
           return at.leader && at.node->running() && at.term > here.term;
         });
}

bool World::wants_members() const {
  return std::any_of(faults_.begin(), faults_.end(),
                     [](const auto& fault) { return std::holds_alternative<MembersFault>(fault.second); });
}

/// Those that all members faults in force leave; without any: everybody.
bool World::ask_for_members() {
  std::vector<NodeId> everybody;
  for (std::uint32_t n = 1; n <= plan_.nodes; ++n) everybody.push_back(NodeId(n));
  std::vector<MembersFault> wanted;
  for (const auto& [id, spec] : faults_) {
    const auto* fault = std::get_if<MembersFault>(&spec);
    if (fault != nullptr) wanted.push_back(*fault);
  }
  const Membership members = combine_members(std::move(everybody), wanted);
  bool agreed = false;
  for (Place& at : places_) agreed = at.node->change_members(now_, members) || agreed;
  return agreed;
}

void World::heal_everything() {
  auto faults = std::exchange(faults_, {});
  for (Place& at : places_) at.node->storage().mend();  // Before any of them starts again.
  clients_lose_ = false;
  for (const auto& [id, spec] : faults) {
    settle(id, EnvironmentOutcome::kDeclined, kGivenUp);
    take_away(spec);
  }
  for (std::uint32_t n = 1; n <= plan_.nodes; ++n) {
    Node& at = node(NodeId(n));
    if (!at.running()) start_node(NodeId(n));
  }
}

// --- Liveness ---------------------------------------------------------------------------------------------

void World::pass(Duration length) {
  const MonotonicTime end = now_ + length;
  while (!broken_ && !queue_.empty() && queue_.next_time() <= end) happen_next();
  now_ = std::max(now_, end);
}

/// Asks again and again, as an operator would: a leader may be busy with another change, or be none yet. For
/// as long as any node moves on: a change waits for the entries before it, and a learner must have them all.
bool World::everybody_votes() {
  constexpr int kStandstillMax = 40;
  std::uint64_t before = 0;
  for (int tries = 0, still = 0; tries < kLookMax && still < kStandstillMax && !broken_; ++tries) {
    bool done = false;
    std::uint64_t progress = 0;
    for (const Place& at : places_) {
      if (!at.node->running()) continue;
      const ProtocolStatus status = at.node->protocol().status();
      progress += progress_of(*at.node, status);
      // In a joint phase the old members still have a say, and half of them may be about to be abandoned.
      done = done || (status.role == "leader" && status.voters.size() == plan_.nodes && !at.joint);
    }
    if (done) return true;
    still = progress != before ? 0 : still + 1;
    before = progress;
    ask_for_members();
    pass(settings_.election_timeout());
  }
  return false;
}

/// What the run's own end has healed goes wrong anew, so that a majority is healed out of the midst of it.
std::vector<Cut> World::storm() {
  std::vector<Cut> cuts;
  for (std::uint64_t step = 3 + rng_.below(6); step > 0 && !broken_; --step) {
    const NodeId struck(static_cast<std::uint32_t>(1 + rng_.below(plan_.nodes)));
    const NodeId other(static_cast<std::uint32_t>(1 + rng_.below(plan_.nodes)));
    Node& at = node(struck);
    switch (rng_.below(4)) {
      case 0:
        // A disk that has lied may owe a sync yet.
        if (at.running()) stop_node(struck, at.storage().lied() == 0 && rng_.chance(1, 2));
        break;
      case 1:
        if (!at.running()) start_node(struck);
        break;
      case 2:
        if (at.running()) at.pause();
        break;
      default:
        if (struck == other) break;
        network_.cut({struck, other});
        cuts.push_back({struck, other});
        break;
    }
    place_call({CallId((std::uint64_t{1} << 47) + step), other, "POST", "/v1/txn",
                R"({"steps":[{"op":"put","key":"liveness","value":"storm"}]})"});
    pass(between(Duration(), settings_.election_timeout()));
  }
  return cuts;
}

/// These live, and can talk to each other.
void World::rescue(const std::vector<NodeId>& core, const std::vector<Cut>& cuts) {
  for (const NodeId id : core) {
    if (!node(id).running()) start_node(id);
    node(id).resume(now_);
  }
  for (const Cut& link : cuts) {
    if (contains(core, link.from) && contains(core, link.to)) uncut(link);
  }
}

/// These are not healed: they are dead, cut off, or, what is worse for the others, heard but deaf.
void World::abandon(const std::vector<NodeId>& nodes) {
  const std::uint64_t ways = settings_.bears_deaf_nodes() ? 3 : 2;
  const std::uint64_t way = rng_.below(ways);
  for (const NodeId node : nodes) {
    if (way == 0) stop_node(node, /*power=*/false);
    for (std::uint32_t n = 1; n <= plan_.nodes && way > 0; ++n) {
      if (NodeId(n) == node) continue;
      network_.cut({NodeId(n), node});
      if (way == 1) network_.cut({node, NodeId(n)});
    }
  }
}

/// Until one of them leads and all are in its term, or for as long as nobody would wait: elections end within
/// a few time-outs (thesis 9.1), but just a majority of slow disks may split its votes a few times.
void World::await_leader(const std::vector<NodeId>& core) {
  const Duration step = settings_.election_timeout() + settings_.disk().sync_max * 2;
  for (int steps = 0; steps < 60 && !broken_; ++steps) {
    pass(step);
    const auto leader = std::find_if(core.begin(), core.end(), [&](NodeId id) { return place(id).leader; });
    const bool settled = leader != core.end() && std::all_of(core.begin(), core.end(), [&](NodeId id) {
                           return place(id).term == place(*leader).term;
                         });
    if (settled) break;
  }
  pass(step * 2);
}

/// Until all have executed what the clients have left in the logs, for as long as any moves on: a leader that
/// sends one entry at a time needs longer for it than a request may take.
void World::await_backlog(const std::vector<NodeId>& core) {
  constexpr int kStandstillMax = 3;
  const Duration step = settings_.election_timeout() + settings_.disk().sync_max * 2;
  std::uint64_t before = 0;
  for (int looks = 0, still = 0; looks < kLookMax && still < kStandstillMax && !broken_; ++looks) {
    std::uint64_t progress = 0;
    std::uint64_t lowest = UINT64_MAX;
    std::uint64_t last = 0;
    for (const NodeId id : core) {
      if (!node(id).running()) continue;
      const ProtocolStatus status = node(id).protocol().status();
      progress += progress_of(node(id), status);
      lowest = std::min(lowest, status.applied.value());
      last = std::max(last, status.last_index.value());
    }
    if (lowest >= last) return;
    still = progress != before ? 0 : still + 1;
    before = progress;
    pass(step);
  }
}

std::optional<std::string> World::check_liveness() {
  ORDEAL_CHECK(!broken_);
  heal_everything();
  network_.calm();
  if (!everybody_votes() && !broken_)
    return "everything is healed, and no leader brings all nodes back as voters";
  const std::vector<Cut> cuts = storm();
  if (broken_) return std::nullopt;
  std::vector<NodeId> core;
  for (std::uint32_t n = 1; n <= plan_.nodes; ++n) core.push_back(NodeId(n));
  rng_.shuffle(core);
  const bool all = rng_.chance(1, 2);
  const std::size_t size = all ? core.size() : core.size() / 2 + 1;
  const std::vector<NodeId> rest(core.begin() + static_cast<std::ptrdiff_t>(size), core.end());
  core.resize(size);
  rescue(core, cuts);
  abandon(rest);
  await_leader(core);
  await_backlog(core);
  std::uint64_t token = std::uint64_t{1} << 48;
  std::map<std::uint64_t, NodeId> asked;
  for (const NodeId node : core) {
    for (const std::string_view op :
         {R"({"op":"put","key":"liveness","value":"x"})", R"({"op":"get","key":"liveness"})"}) {
      asked.emplace(++token, node);
      checks_.emplace(token, std::nullopt);
      place_call({CallId(token), node, "POST", "/v1/txn", fmt::format(R"({{"steps":[{}]}})", op)});
    }
  }
  pass(settings_.election_timeout() * 6 + settings_.request_timeout());
  if (broken_) return std::nullopt;
  std::size_t answered = 0;
  for (const auto& [call, status] : checks_) {
    if (status == 200) ++answered;
    // Without forwarding a follower names the leader, and one answer to each is all there can be.
    if (status == 200 || (!settings_.forwards() && status == 503)) continue;
    return fmt::format("{} of {} nodes are healed, and {} {}", core.size(), plan_.nodes,
                       node_name(asked.at(call)),
                       status ? fmt::format("refuses with {}", *status) : "does not answer");
  }
  if (answered >= 2) return std::nullopt;
  return fmt::format("{} of {} nodes are healed, and none of them leads", core.size(), plan_.nodes);
}

}  // namespace ordeal::sim
