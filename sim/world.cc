#include "sim/world.h"

#include "common/check.h"
#include "node/kv/state_machine.h"
#include "node/raft/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace ordeal::sim {
namespace {

constexpr MonotonicTime kNever(std::int64_t{1} << 62);
constexpr Duration kObserveMin = milliseconds(5);
constexpr Duration kObserveMax = milliseconds(60);

}  // namespace

World::World(const Plan& plan, const Settings& settings, std::uint64_t seed, const WorldOptions& options)
    : plan_(plan),
      settings_(settings),
      options_(options),
      rng_(Rng(seed).split("world")),
      machine_(kv::make_kv_state_machine()),
      network_(plan.nodes, settings.weather(), Rng(seed).split("network")),
      hash_(seed),
      marks_(plan.nodes),
      watch_(plan) {
  Rng clocks = rng_.split("clocks");
  NodeOutlet& outlet = *this;
  for (std::uint32_t n = 1; n <= plan.nodes; ++n) {
    const Duration ahead(clocks.between(0, settings.clock_offset_max().ns()));
    Place place;
    place.node = std::make_unique<Node>(NodeId(n), settings, *machine_, NodeClock(ahead, kWallZero),
                                        Rng(seed).split("node", n), outlet);
    place.scheduled = kNever;
    places_.push_back(std::move(place));
  }
}

World::~World() = default;

// --- Events -----------------------------------------------------------------------------------------------

void World::run(RunLoop& loop, Duration length_max) {
  loop_ = &loop;
  for (std::uint32_t n = 1; n <= plan_.nodes; ++n) start_node(NodeId(n));
  step_loop(Wake{});
  const MonotonicTime end = now_ + length_max;
  while (!finished_ && !broken_ && !queue_.empty() && now_ < end) happen_next();
  loop_ = nullptr;
}

void World::happen_next() {
  now_ = queue_.next_time();
  ++events_;
  queue_.pop([this](Happening& happening) {
    fold(static_cast<std::uint64_t>(now_.ns()) << 4 | happening.index());
    std::visit([this](auto& event) { on(event); }, happening);
  });
  tell_node_events();
}

static_assert(std::endian::native == std::endian::little, "a trace hash must mean the same everywhere");

void World::fold(std::string_view bytes) {
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    fold(word);
    bytes.remove_prefix(8);
  }
  std::uint64_t rest = bytes.size();
  for (const char c : bytes) rest = rest << 8 | static_cast<unsigned char>(c);
  fold(rest);
}

void World::on(PeerArrival& event) {
  fold(event.message << 16 | std::uint64_t{event.link.from.value()} << 8 | event.link.to.value());
  if (!network_.open(event.link)) {
    if (!network_.keeps(event.link)) return tell_lost(event.link, event.message, "the link is cut");
    kept_.push_back({event.link, event.life, event.message, std::move(event.payload)});
    return;
  }
  Node& to = node(event.link.to);
  if (!to.running() || to.life() != event.life)
    return tell_lost(event.link, event.message, "the receiver ended");
  fold(event.payload);
  if (options_.spectator != nullptr) options_.spectator->arrived(now_, event.link, event.message);
  to.deliver(now_, event.link.from, std::move(event.payload));
}

void World::on(const DiskRound& event) {
  fold(event.node.value());
  Node& on = node(event.node);
  if (!on.running() || on.life() != event.life) return;
  on.disk_done(now_);
  if (on.running() && !on.paused()) watch_.occurred(event.node, on.protocol(), NodeEventKind::kAfterSync);
}

void World::on(const NodeWake& event) {
  fold(event.node.value());
  Place& at = place(event.node);
  if (now_ != at.scheduled) return;  // An earlier one was asked for meanwhile, and has come.
  at.scheduled = kNever;
  if (!at.node->running() || at.node->paused()) return;
  if (now_ < at.wake) return wake_at(event.node, at.wake);
  at.node->wake(now_);
}

void World::on(CallArrival& event) {
  Call& call = event.call;
  fold(call.call.value() << 8 | call.endpoint.value());
  Node& to = node(call.endpoint);
  if (!to.running()) {
    if (const auto at = client_arrival())
      queue_.push(*at, CallLoss{CallClosed{call.call, /*sent=*/false, "connection refused"}});
    return;
  }
  fold(call.body);
  calls_.emplace(call.call.value(), call.endpoint);
  to.request(now_, call.call.value(), std::move(call.method), std::move(call.target), std::move(call.body));
}

void World::on(CallAnswer& event) {
  fold(event.reply.call.value() << 16 | static_cast<std::uint64_t>(event.reply.status));
  fold(event.reply.body);
  const auto check = checks_.find(event.reply.call.value());
  if (check != checks_.end()) {
    check->second = event.reply.status;
  } else if (loop_ != nullptr) {
    step_loop(std::move(event.reply));
  }
}

void World::on(CallLoss& event) {
  if (loop_ != nullptr) step_loop(std::move(event.closed));
}

void World::on(const LoopWake& /*event*/) {
  if (loop_ == nullptr) return;
  if (now_ >= loop_wake_) step_loop(Wake{});
}

void World::on(EnvironmentAnswer& event) {
  if (loop_ != nullptr) step_loop(std::move(event.result));
}

void World::on(const Observe& event) {
  place(event.node).observe_pending = false;
  if (loop_ != nullptr) observe(event.node);
}

void World::observe(NodeId node) {
  const Place& at = place(node);
  NodeObservation seen;
  seen.node = node;
  // A node that is paused answers nobody.
  seen.reachable = at.node->running() && !at.node->paused();
  if (seen.reachable) {
    const ProtocolStatus status = at.node->protocol().status();
    seen.role = status.role;
    seen.term = status.term;
    seen.leader = status.leader;
    seen.commit = status.commit;
    seen.applied = status.applied;
  }
  if (options_.spectator != nullptr) options_.spectator->observed(now_, seen);
  step_loop(std::move(seen));
}

// --- The run loop -----------------------------------------------------------------------------------------

void World::step_loop(const RunInput& input) {
  RunOutput output = loop_->step({now_, kWallZero + Duration(now_.ns())}, input);
  for (Op& op : output.history) {
    fold(static_cast<std::uint64_t>(op.process.value()) << 8 | static_cast<std::uint64_t>(op.type));
    fold(op.f);
    if (const std::string* key = op.key.as_string()) fold(*key);
    if (options_.spectator != nullptr) options_.spectator->operation(now_, op);
    history_.push_back(std::move(op));
  }
  for (Call& call : output.calls) place_call(std::move(call));
  for (EnvironmentRequest& request : output.environment) environment(std::move(request));
  finished_ = finished_ || output.finished;
  if (loop_wake_ <= now_ || output.next_wake < loop_wake_) {
    loop_wake_ = output.next_wake;
    queue_.push(loop_wake_, LoopWake{});
  }
}

/// Not from within a node's turn, which a fault would end: when it is over, and before anything else happens.
void World::tell_node_events() {
  while (auto event = watch_.take()) {
    if (loop_ == nullptr) continue;
    // Who strikes "the leader" when one is elected means this one.
    if (event->kind == NodeEventKind::kLeaderElected) observe(event->node);
    step_loop(std::move(*event));
  }
}

void World::place_call(Call call) {
  if (const auto at = client_arrival()) queue_.push(*at, CallArrival{std::move(call)});
}

std::optional<MonotonicTime> World::client_arrival() {
  const ClientWay& way = settings_.client_way();
  const MonotonicTime at = now_ + between(way.delay_min, way.delay_max);
  if (clients_lose_ && way.loss > 0 && rng_.chance(way.loss, 1000)) return std::nullopt;
  return at;
}

void World::observe_soon(NodeId node) {
  Place& at = place(node);
  if (at.observe_pending) return;
  at.observe_pending = true;
  queue_.push(now_ + between(kObserveMin, kObserveMax), Observe{node});
}

// --- What nodes do ----------------------------------------------------------------------------------------

void World::send(NodeId from, NodeId to, Bytes payload) {
  if (to == kNoNode || to.value() > plan_.nodes) return;
  const Cut link{from, to};
  const std::uint64_t life = node(to).life();
  const std::uint64_t message = ++messages_;
  if (options_.spectator != nullptr) options_.spectator->sent(now_, link, message, payload);
  const Network::Fate fate = network_.send(now_, link, payload.size());
  if (fate.second) queue_.push(*fate.second, PeerArrival{link, life, message, payload});
  if (fate.first) {
    queue_.push(*fate.first, PeerArrival{link, life, message, std::move(payload)});
  } else if (fate.waits) {
    kept_.push_back({link, life, message, std::move(payload)});
  } else if (!fate.second) {
    tell_lost(link, message, network_.open(link) ? "dropped by the network" : "the link is cut");
  }
}

void World::tell_lost(Cut link, std::uint64_t message, std::string_view why) {
  if (options_.spectator != nullptr) options_.spectator->lost(now_, link, message, why);
}

void World::answer(NodeId /*node*/, std::uint64_t token, int status, std::string body) {
  if (calls_.erase(token) == 0) return;
  if (const auto at = client_arrival())
    queue_.push(*at, CallAnswer{CallReply{CallId(token), status, std::move(body)}});
}

void World::disk_busy(NodeId node, Duration length) {
  queue_.push(now_ + length, DiskRound{node, this->node(node).life()});
  watch_.occurred(node, this->node(node).protocol(), NodeEventKind::kBeforeSync);
}

void World::wake_at(NodeId node, MonotonicTime at) {
  Place& here = place(node);
  here.wake = at;
  if (here.scheduled <= at) return;  // It looks again then.
  here.scheduled = at;
  queue_.push(at, NodeWake{node});
}

void World::stepped(NodeId node, const Protocol& protocol) {
  if (options_.invariants && !broken_) {
    if (auto violation = invariants_.observe(protocol)) break_with(std::move(*violation));
    compare_state(node);
  }
  Place& here = place(node);
  const raft::Standing standing = raft::standing(protocol);
  watch_.stepped(node, protocol, standing);
  marks_.stepped(node, standing);
  if (options_.spectator != nullptr) options_.spectator->stepped(now_, node, standing);
  here.joint = standing.joint;
  if (standing.leader == here.leader && standing.term == here.term) return;
  // An operator who wants other members asks the new leader at once, before it has committed anything.
  if (standing.leader && wants_members()) queue_.push(now_, AskForMembers{});
  here.leader = standing.leader;
  here.term = standing.term;
  observe_soon(node);
}

void World::break_with(raft::Violation violation) {
  if (!broken_) broken_ = Broken{std::nullopt, std::move(violation), now_, events_};
}

/// Raft figure 3, state-machine safety, to its end: who has executed as far has the same state, whether by
/// executing or from a snapshot.
void World::compare_state(NodeId node) {
  Place& here = place(node);
  const DiskStorage& storage = here.node->storage();
  const LogIndex applied = storage.applied();
  if (applied == here.compared) return;
  here.compared = applied;
  if (states_.size() <= applied.value()) states_.resize(applied.value() + 1);
  auto& known = states_[applied.value()];
  if (!known) known = storage.state_digest();
  if (*known == storage.state_digest()) return;
  break_with({"state-machine-safety", fmt::format("{} has another state after entry {} than another node had",
                                                  node_name(node), applied)});
}

void World::happened(NodeId node, const Event& event) {
  const Place& here = place(node);
  raft::Standing standing;
  standing.term = here.term;
  if (here.node->running()) {
    standing = raft::standing(here.node->protocol());
    watch_.happened(node, here.node->protocol(), event.name);
  }
  marks_.happened(node, event.name, standing.term, standing.joint);
  // Nothing damages a message here: one that makes no sense to a core was wrong when another core sent it.
  const bool senseless = event.name == "message-dropped" || event.name == "chain-mismatch";
  if (senseless && options_.sound_messages)
    break_with({"sound-messages", fmt::format("{}: {}", node_name(node), event.text)});
  if (options_.spectator != nullptr) options_.spectator->happened(now_, node, event);
}

void World::ended(NodeId node, std::string reason) {
  happened(node, {"process-ended", std::move(reason)});
  gone(node);
}

void World::refused(NodeId node, std::string reason) {
  if (is_unreadable(node)) return ended(node, std::move(reason));
  if (!broken_)
    broken_ = Broken{node,
                     {"node-refused", fmt::format("{} refuses its own data: {}", node_name(node), reason)},
                     now_,
                     events_};
  happened(node, {"data-refused", std::move(reason)});
  gone(node);
}

void World::gone(NodeId node) {
  invariants_.stopped(node);
  if (options_.spectator != nullptr) options_.spectator->stopped(now_, node);
  lose_calls(node);
  observe_soon(node);
}

void World::lose_calls(NodeId node) {
  for (auto it = calls_.begin(); it != calls_.end();) {
    if (it->second != node) {
      ++it;
      continue;
    }
    if (const auto at = client_arrival())
      queue_.push(*at, CallLoss{CallClosed{CallId(it->first), /*sent=*/true, "connection reset"}});
    it = calls_.erase(it);
  }
}

void World::start_node(NodeId node) {
  marks_.started(node);
  watch_.restarted(node);
  Node& here = this->node(node);
  if (options_.before_start) options_.before_start(node, here.storage());
  // Before it starts: what it does in its first turn comes after.
  if (options_.spectator != nullptr) options_.spectator->started(now_, node);
  here.start(now_);
  if (here.running()) watch_.occurred(node, here.protocol(), NodeEventKind::kNodeStarted);
  observe_soon(node);
}

void World::stop_node(NodeId node, bool power) {
  Node& here = this->node(node);
  const std::size_t lost = here.stop(power);
  fold(lost);
  marks_.crashed(node, power ? lost : 0);
  if (power) {
    // The connections' ends are gone with the machine, and so is what they would have sent again.
    for (const Kept& kept : kept_) {
      if (kept.link.from == node) tell_lost(kept.link, kept.message, "the sender lost power");
    }
    std::erase_if(kept_, [&](const Kept& kept) { return kept.link.from == node; });
    if (const std::size_t broken = here.storage().promises_broken(); broken > 0 && !beyond_promise_)
      beyond_promise_ = fmt::format(
          "{} lost power with {} writes that its disk had called durable, and no protocol that counts on a "
          "majority of disks promises to survive that",
          node_name(node), broken);
  }
  gone(node);
}

}  // namespace ordeal::sim
