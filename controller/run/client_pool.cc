#include "controller/run/client_pool.h"

namespace ordeal {

ClientPool::ClientPool(const Plan& plan, ClientFactory make_client, const Rng& rng)
    : plan_(plan), make_client_(make_client), rng_(rng) {
  ORDEAL_CHECK(make_client != nullptr);
}

ClientPool::Slot ClientPool::add(ProcessId process) {
  slots_.emplace_back();
  renew(slots_.size() - 1, process);
  return slots_.size() - 1;
}

void ClientPool::renew(Slot slot, ProcessId process) {
  ORDEAL_CHECK(!busy(slot));
  SlotState& state = slots_[slot];
  state.process = process;
  state.client = make_client_(process, plan_);
  ORDEAL_CHECK(state.client != nullptr);
  state.rng = rng_.split("client", static_cast<std::uint64_t>(process.value()));
}

ClientPool::Started ClientPool::invoke(Slot slot, const Op& op, Now now, RunOutput& output) {
  ORDEAL_CHECK(!busy(slot));
  ORDEAL_CHECK(op.type == OpType::kInvoke);
  slots_[slot].open = op;
  const std::size_t calls_before = output.calls.size();
  Started started;
  started.ended = feed(slot, now, Invoke{op}, output);
  if (output.calls.size() > calls_before) started.node = output.calls[calls_before].endpoint;
  return started;
}

std::optional<ClientPool::Ended> ClientPool::reply(const CallReply& reply, Now now, RunOutput& output) {
  const auto wire = take_call(reply.call);
  if (!wire) return std::nullopt;
  return feed(wire->slot, now, WireReply{wire->id, reply.status, reply.body}, output);
}

std::optional<ClientPool::Ended> ClientPool::closed(const CallClosed& closed, Now now, RunOutput& output) {
  const auto wire = take_call(closed.call);
  if (!wire) return std::nullopt;
  return feed(wire->slot, now, WireClosed{wire->id, closed.sent, closed.reason}, output);
}

std::optional<MonotonicTime> ClientPool::next_timer() const {
  if (timers_.empty()) return std::nullopt;
  return std::get<MonotonicTime>(*timers_.begin());
}

std::optional<ClientPool::Ended> ClientPool::fire_timer(Now now, RunOutput& output) {
  ORDEAL_CHECK(!timers_.empty());
  const TimerKey key = *timers_.begin();
  ORDEAL_CHECK(std::get<MonotonicTime>(key) <= now.monotonic);
  const Slot slot = std::get<Slot>(key);
  timers_.erase(key);
  slots_[slot].timers.erase(key);
  return feed(slot, now, TimerFired{std::get<TimerId>(key)}, output);
}

Op ClientPool::abandon(Slot slot, RunOutput& output) {
  ORDEAL_CHECK(busy(slot));
  drop_pending(slot, output);
  Op op = std::move(*slots_[slot].open);
  slots_[slot].open.reset();
  return op;
}

std::optional<ClientPool::Ended> ClientPool::feed(Slot slot, Now now, const ClientInput& input,
                                                  RunOutput& output) {
  SlotState& state = slots_[slot];
  ClientOutput said = state.client->on(now, state.rng, input);
  for (const WireId id : said.cancels) {
    const auto it = state.calls.find(id);
    if (it == state.calls.end()) continue;  // answered meanwhile
    output.cancels.push_back(it->second);
    calls_.erase(it->second);
    state.calls.erase(it);
  }
  for (WireRequest& request : said.sends) {
    const CallId call = ++last_call_;
    ORDEAL_CHECK(state.calls.emplace(request.id, call).second);
    calls_.emplace(call, Wire{slot, request.id});
    output.calls.push_back({call, request.endpoint, std::move(request.method), std::move(request.target),
                            std::move(request.body)});
  }
  for (const TimerRequest& timer : said.timers) {
    const TimerKey key{timer.at, slot, timer.id};
    state.timers.insert(key);
    timers_.insert(key);
  }
  if (!said.outcome) return std::nullopt;
  ORDEAL_CHECK(state.open.has_value());
  ORDEAL_CHECK(said.outcome->type != OpType::kInvoke);
  return Ended{slot, abandon(slot, output), std::move(*said.outcome)};
}

std::optional<ClientPool::Wire> ClientPool::take_call(CallId call) {
  const auto it = calls_.find(call);
  if (it == calls_.end()) return std::nullopt;
  const Wire wire = it->second;
  calls_.erase(it);
  slots_[wire.slot].calls.erase(wire.id);
  return wire;
}

void ClientPool::drop_pending(Slot slot, RunOutput& output) {
  SlotState& state = slots_[slot];
  for (const auto& [id, call] : state.calls) {
    output.cancels.push_back(call);
    calls_.erase(call);
  }
  state.calls.clear();
  for (const TimerKey& key : state.timers) timers_.erase(key);
  state.timers.clear();
}

}  // namespace ordeal
