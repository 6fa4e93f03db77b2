#include "tests/node/raft/random_schedule.h"

#include <fmt/format.h>

namespace ordeal::raft::testing {

namespace {

constexpr int kActions = 700;

bool is_definite(RefusalCode code) {
  return code == RefusalCode::kNotLeader || code == RefusalCode::kNoLeader ||
         code == RefusalCode::kOverloaded;
}

}  // namespace

RandomSchedule::RandomSchedule(std::uint64_t seed)
    : rng_(seed),
      options_(draw_options(rng_)),
      cluster_options_(draw_cluster(rng_, options_)),
      cluster_(cluster_options_),
      node_count_(cluster_options_.nodes + cluster_options_.spares) {}

RandomSchedule::Options RandomSchedule::draw_options(Rng& rng) {
  // Each kind of fault is off in half of the schedules: what a fault hides, another schedule shows.
  const auto coin = [&rng] { return rng.chance(1, 2); };
  return {coin(), coin(), coin(), coin(), coin(), coin(), coin(), coin(), coin()};
}

ClusterOptions RandomSchedule::draw_cluster(Rng& rng, const Options& faults) {
  ClusterOptions options;
  options.nodes = static_cast<std::uint32_t>(rng.between(2, 5));
  options.spares = static_cast<std::uint32_t>(rng.between(0, 2));
  options.seed = rng.next();
  const auto read_mode = static_cast<ReadMode>(rng.below(3));
  // Without pre-vote a removed node disturbs the others for ever (thesis 4.2.3): no liveness could be asked
  // for.
  const bool pre_vote = faults.members || rng.chance(3, 4);
  const bool check_quorum = rng.chance(3, 4);
  const bool forward = rng.chance(3, 4);
  const bool small_log = rng.chance(1, 2);
  const bool tight = rng.chance(1, 2);
  options.tweak = [=](RaftConfig& config) {
    config.read_mode = read_mode;
    config.pre_vote = pre_vote;
    config.check_quorum = check_quorum;
    config.forward = forward;
    if (small_log) {
      config.snapshot_every = 8;
      config.snapshot_keep = 3;
      config.snapshot_chunk_bytes = 100;
    }
    if (!tight) return;
    config.append_bytes_max = 64;
    config.inflight_messages_max = 2;
    config.uncommitted_bytes_max = 200;
    config.apply_entries_max = 3;
    config.cache_bytes_max = 300;
  };
  return options;
}

std::string RandomSchedule::run() {
  for (int i = 0; i < kActions && complaint_.empty(); ++i) {
    act();
    drain();
  }
  if (complaint_.empty()) finish();
  return complaint_;
}

// --- Acting -----------------------------------------------------------------------------------------------

void RandomSchedule::act() {
  const std::uint64_t dice = rng_.below(100);
  const auto node = static_cast<std::uint32_t>(1 + rng_.below(node_count_));
  if (dice < 50) {
    act_on_network();
  } else if (dice < 60) {
    pass_time();
  } else if (dice < 62) {
    move_members();
  } else {
    act_on_node(node);
  }
  for (auto& [id, host] : cluster_.hosts()) {
    // Disks and appliers that are not slow are done at once.
    if (options_.slow_disks || !host.running()) continue;
    cluster_.sync(id.value());
    cluster_.report(id.value());
  }
}

void RandomSchedule::act_on_network() {
  if (cluster_.wire.empty()) return pass_time();
  const std::size_t place = options_.reorder ? rng_.below(cluster_.wire.size()) : 0;
  if (options_.lossy && rng_.chance(1, 15)) {
    cluster_.wire.erase(cluster_.wire.begin() + static_cast<std::ptrdiff_t>(place));
    return;
  }
  if (options_.doubles && rng_.chance(1, 10)) cluster_.wire.push_back(cluster_.wire[place]);
  cluster_.deliver(place);
}

void RandomSchedule::act_on_node(std::uint32_t number) {
  const std::uint64_t dice = rng_.below(100);
  Host& host = cluster_.host(number);
  if (!host.running()) {
    if (dice < 30) cluster_.restart(number);
    return;
  }
  if (dice < 30) {
    cluster_.sync(number);
  } else if (dice < 55) {
    cluster_.report(number);
  } else if (dice < 90) {
    ask(number);
  } else if (dice < 94) {
    crash(number);
  } else if (dice < 97 && options_.cuts) {
    if (rng_.chance(1, 2)) {
      cluster_.heal();
    } else {
      cluster_.cut(number, static_cast<std::uint32_t>(1 + rng_.below(node_count_)));
      if (rng_.chance(1, 2)) cluster_.isolate({number});
    }
  }
}

void RandomSchedule::crash(std::uint32_t number) {
  if (options_.power_losses && rng_.chance(1, 2)) {
    cluster_.lose_power(number, rng_.below(cluster_.host(number).store.pending() + 1));
    ++tally_.power_losses;
  } else if (options_.crashes) {
    cluster_.kill(number);
  } else {
    return;
  }
  open_[NodeId{number}].clear();  // Nobody is left to answer.
}

void RandomSchedule::ask(std::uint32_t number) {
  Host& host = cluster_.host(number);
  std::vector<Input> inputs;
  for (std::uint64_t count = 1 + rng_.below(3); count > 0; --count) {
    const RequestId id = host.next_request();
    const bool read = rng_.chance(1, 3);
    const Bytes command = fmt::format("{} {}", read ? "read" : "command", ++commands_);
    open_[host.id()][id] = {read ? Bytes() : command, newest_acknowledged_};
    inputs.emplace_back(ClientRequest{id, command, read});
  }
  cluster_.step(number, std::move(inputs));
}

void RandomSchedule::pass_time() {
  cluster_.skip(milliseconds(rng_.between(0, 150)));
  for (auto& [id, host] : cluster_.hosts()) {
    if (host.running() && host.next_wake <= cluster_.clock(host)) cluster_.step(id.value());
  }
}

void RandomSchedule::move_members() {
  Host* leader = cluster_.leader();
  if (leader == nullptr) return;
  if (options_.transfers && rng_.chance(1, 2)) {
    const auto target = static_cast<std::uint32_t>(rng_.below(node_count_ + 1));
    if (cluster_.transfer(leader->id().value(), target).ok()) ++tally_.transfers;
    return;
  }
  if (!options_.members) return;
  std::vector<std::uint32_t> voters;
  std::vector<std::uint32_t> learners;
  for (std::uint32_t n = 1; n <= node_count_; ++n) {
    const std::uint64_t dice = rng_.below(4);
    if (dice < 2) voters.push_back(n);
    if (dice == 2) learners.push_back(n);
  }
  if (cluster_.change(leader->id().value(), voters, learners).ok()) ++tally_.memberships;
}

// --- Watching ---------------------------------------------------------------------------------------------

void RandomSchedule::drain() {
  for (auto& [id, host] : cluster_.hosts()) {
    for (const Outcome& outcome : std::exchange(host.outcomes, {})) take_outcome(id, outcome);
    for (const Event& event : std::exchange(host.events, {})) {
      tally_.elections += event.name == "became-leader" ? 1 : 0;
      tally_.snapshots += event.name == "snapshot-installed" ? 1 : 0;
      tally_.cuts += event.name == "log-cut" ? 1 : 0;
      if (event.name == "chain-mismatch" || event.name == "two-leaders") complain(event.text);
    }
    if (!host.repeated.empty()) {
      complain(fmt::format("{} executed entry {} twice", node_name(id), host.repeated.front()));
    }
    host.executed.clear();
    host.duties.clear();
  }
  if (cluster_.violation()) complain(cluster_.violation_text());
}

void RandomSchedule::take_outcome(NodeId node, const Outcome& outcome) {
  const auto asked = open_[node].find(outcome.id);
  if (asked == open_[node].end()) {
    return complain(fmt::format("request {} of {} was answered twice", outcome.id, node_name(node)));
  }
  const Asked what = asked->second;
  open_[node].erase(asked);
  if (outcome.refused) {
    if (is_definite(*outcome.refused) && !what.command.empty()) refused_.insert(what.command);
  } else if (what.command.empty()) {
    ++tally_.reads;
    if (outcome.index < what.must_see) {
      complain(fmt::format("a read at {} saw the state after {}, {} was acknowledged before", node_name(node),
                           outcome.index, what.must_see));
    }
  } else {
    ++tally_.acknowledged;
    acknowledged_[what.command] = outcome.index;
    newest_acknowledged_ = std::max(newest_acknowledged_, outcome.index);
  }
}

void RandomSchedule::finish() {
  cluster_.heal();
  for (auto& [id, host] : cluster_.hosts()) {
    if (!host.running()) cluster_.restart(id.value());
  }
  cluster_.elapse(seconds(12));
  drain();
  Host* leader = cluster_.leader();
  if (leader == nullptr) return complain("no leader although everything is healed");
  ask(leader->id().value());
  const std::uint64_t acknowledged = tally_.acknowledged + tally_.reads;
  cluster_.elapse(seconds(12));
  drain();
  if (complaint_.empty() && tally_.acknowledged + tally_.reads == acknowledged) {
    complain("nothing is answered although everything is healed");
  }
  if (complaint_.empty()) judge();
}

void RandomSchedule::judge() {
  for (const auto& [node, open] : open_) {
    if (!open.empty())
      complain(fmt::format("{} never answered request {}", node_name(node), open.begin()->first));
  }
  Host* leader = cluster_.leader();
  if (leader == nullptr) return complain("the leader did not stay");
  const std::map<LogIndex, Bytes> truth = leader->state();
  std::set<Bytes> seen;
  for (const auto& [index, command] : truth) {
    if (!seen.insert(command).second) complain(fmt::format("\"{}\" was executed twice", command));
    if (refused_.contains(command)) complain(fmt::format("\"{}\" was refused as without effect", command));
  }
  for (const auto& [command, index] : acknowledged_) {
    const auto found = truth.find(index);
    if (found == truth.end() || found->second != command) {
      complain(fmt::format("\"{}\", acknowledged at {}, is lost", command, index));
    }
  }
  const ProtocolStatus status = leader->status();
  for (auto& [id, host] : cluster_.hosts()) {
    const bool member =
        id == leader->id() || std::any_of(status.peers.begin(), status.peers.end(),
                                          [&](const PeerStatus& peer) { return peer.node == id; });
    if (member && host.state() != truth)
      complain(fmt::format("{} has another state than the leader", node_name(id)));
  }
}

void RandomSchedule::complain(const std::string& what) {
  if (complaint_.empty()) complaint_ = what;
}

}  // namespace ordeal::raft::testing
