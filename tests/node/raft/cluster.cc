#include "tests/node/raft/cluster.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::raft::testing {

namespace {

std::vector<NodeId> node_ids(const std::vector<std::uint32_t>& numbers) {
  std::vector<NodeId> nodes;
  for (const std::uint32_t number : numbers) nodes.emplace_back(number);
  return nodes;
}

}  // namespace

Cluster::Cluster(ClusterOptions options) {
  std::vector<NodeId> voters;
  for (std::uint32_t n = 1; n <= options.nodes; ++n) voters.emplace_back(n);
  const Rng root(options.seed);
  for (std::uint32_t n = 1; n <= options.nodes + options.spares; ++n) {
    RaftConfig config;
    config.self = NodeId{n};
    if (n <= options.nodes) config.voters = voters;
    config.plants = options.plants;
    if (options.tweak) options.tweak(config);
    hosts_.emplace(std::piecewise_construct, std::forward_as_tuple(n),
                   std::forward_as_tuple(std::move(config), root.split("node", n).seed()));
  }
  for (auto& [id, host] : hosts_) {
    host.start(clock(host));
    host.sync(clock(host));
    collect(host);
  }
}

// --- The network -----------------------------------------------------------------------------------------

void Cluster::isolate(const std::vector<std::uint32_t>& nodes) {
  const std::vector<NodeId> inside = node_ids(nodes);
  const auto is_inside = [&](NodeId id) {
    return std::find(inside.begin(), inside.end(), id) != inside.end();
  };
  for (const auto& [from, a] : hosts_) {
    for (const auto& [to, b] : hosts_) {
      if (is_inside(from) != is_inside(to)) cuts_.emplace(from, to);
    }
  }
}

void Cluster::deliver(std::size_t place) {
  const InFlight message = std::move(wire.at(place));
  wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(place));
  const auto to = hosts_.find(message.to);
  if (to == hosts_.end() || !to->second.running()) return;
  step(message.to.value(), {PeerMessage{message.from, message.payload}});
}

std::size_t Cluster::deliver_if(const std::function<bool(const InFlight&)>& which) {
  std::vector<InFlight> chosen;
  std::erase_if(wire, [&](InFlight& message) {
    if (!which(message)) return false;
    chosen.push_back(std::move(message));
    return true;
  });
  for (InFlight& message : chosen) {
    wire.insert(wire.begin(), std::move(message));
    deliver(0);
  }
  return chosen.size();
}

std::size_t Cluster::drop_if(const std::function<bool(const InFlight&)>& which) {
  return std::erase_if(wire, which);
}

// --- Nodes -----------------------------------------------------------------------------------------------

void Cluster::kill(std::uint32_t number) {
  host(number).kill();
  invariants_.stopped(NodeId{number});
}

void Cluster::lose_power(std::uint32_t number, std::size_t kept) {
  host(number).lose_power(kept);
  invariants_.stopped(NodeId{number});
}

void Cluster::restart(std::uint32_t number) {
  Host& node = host(number);
  node.start(clock(node));
  collect(node);
}

void Cluster::collect(Host& host) {
  if (on_step) on_step(host);
  for (Send& send : host.outbox) {
    const bool lost = cuts_.contains({host.id(), send.to});
    InFlight message{host.id(), send.to, std::move(send.payload)};
    if (on_send) on_send(message, lost);
    if (!lost) wire.push_back(std::move(message));
  }
  host.outbox.clear();
  if (violation_ || !host.running()) return;
  violation_ = invariants_.observe(host.core());
}

void Cluster::step(std::uint32_t number, std::vector<Input> inputs) {
  Host& node = host(number);
  node.step(clock(node), std::move(inputs));
  collect(node);
}

bool Cluster::sync(std::uint32_t number, std::uint32_t writes_max) {
  Host& node = host(number);
  if (!node.running() || !node.sync(clock(node), writes_max)) return false;
  collect(node);
  return true;
}

bool Cluster::report(std::uint32_t number) {
  Host& node = host(number);
  if (!node.running() || !node.report(clock(node))) return false;
  collect(node);
  return true;
}

// --- Everything at once ----------------------------------------------------------------------------------

void Cluster::settle() {
  bool busy = true;
  while (busy) {
    busy = false;
    for (auto& [id, node] : hosts_) {
      if (!slow_disks.contains(id) && sync(id.value())) busy = true;
      if (report(id.value())) busy = true;
    }
    if (!wire.empty()) {
      deliver_if([](const InFlight&) { return true; });
      busy = true;
    }
  }
}

void Cluster::elapse(Duration duration) {
  const MonotonicTime end = now_ + duration;
  settle();
  while (now_ < end) {
    MonotonicTime next = end;
    for (auto& [id, node] : hosts_) {
      if (node.running())
        next = std::min(next, std::max(node.next_wake - node.ahead, now_ + microseconds(1)));
    }
    now_ = next;
    for (auto& [id, node] : hosts_) {
      if (node.running() && node.next_wake <= clock(node)) step(id.value());
    }
    settle();
  }
}

void Cluster::campaign(std::uint32_t number) {
  // Only this node's clock moves on.
  Host& node = host(number);
  if (node.next_wake > clock(node)) node.ahead += node.next_wake - clock(node);
  step(number);
}

void Cluster::elect(std::uint32_t number) {
  // The others must have been without a leader for an election timeout, else pre-vote refuses.
  now_ = now_ + host(number).config.election_timeout;
  campaign(number);
  settle();
  ORDEAL_CHECK(host(number).leads());
}

Host* Cluster::leader() {
  Host* found = nullptr;
  for (auto& [id, node] : hosts_) {
    if (node.leads() && (found == nullptr || found->status().term < node.status().term)) found = &node;
  }
  return found;
}

RequestId Cluster::propose(std::uint32_t number, Bytes command) {
  Host& node = host(number);
  const RequestId id = node.propose(clock(node), std::move(command));
  collect(node);
  return id;
}

RequestId Cluster::read(std::uint32_t number) {
  Host& node = host(number);
  const RequestId id = node.read(clock(node));
  collect(node);
  return id;
}

Status Cluster::transfer(std::uint32_t number, std::uint32_t target) {
  Host& node = host(number);
  Result<Output> output =
      node.core().leadership()->transfer(node.times(clock(node)), node.rng, NodeId{target});
  if (!output) return output.error();
  node.take(clock(node), std::move(output).value());
  collect(node);
  return {};
}

Status Cluster::change(std::uint32_t number, const std::vector<std::uint32_t>& voters,
                       const std::vector<std::uint32_t>& learners) {
  Host& node = host(number);
  Result<Output> output = node.core().membership()->change(node.times(clock(node)), node.rng,
                                                           node_ids(voters), node_ids(learners));
  if (!output) return output.error();
  node.take(clock(node), std::move(output).value());
  collect(node);
  return {};
}

std::string Cluster::violation_text() const {
  return violation_ ? fmt::format("{}: {}", violation_->invariant, violation_->text) : "";
}

}  // namespace ordeal::raft::testing
