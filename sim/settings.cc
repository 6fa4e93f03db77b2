#include "sim/settings.h"

#include "node/kv/state_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ordeal::sim {
namespace {

bool is_on(const std::string& value) {
  return value == "true" || value == "on";
}

raft::ReadMode read_mode_of(const std::string& value) {
  if (value == "lease") return raft::ReadMode::kLease;
  return value == "log" ? raft::ReadMode::kLog : raft::ReadMode::kReadIndex;
}

Status set_duration(const std::string& name, const std::string& value, Duration& into) {
  const auto duration = parse_duration(value);
  if (!duration.ok())
    return Error{ErrorCode::kInvalidArgument, fmt::format("node.{}: {}", name, duration.error().message)};
  into = *duration;
  return {};
}

Status set_count(const std::string& name, const std::string& value, std::uint64_t& into) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), into);
  if (error == std::errc() && end == value.data() + value.size()) return {};
  return Error{ErrorCode::kInvalidArgument, fmt::format("node.{} is no whole number: {}", name, value)};
}

/// The flags of ordeal-node that concern the core (node/host/options.cc); what concerns the process alone
/// means nothing here.
Status set_flag(const std::string& name, const std::string& value, raft::RaftConfig& config) {
  if (name == "election-timeout") return set_duration(name, value, config.election_timeout);
  if (name == "heartbeat") return set_duration(name, value, config.heartbeat);
  if (name == "request-timeout") return set_duration(name, value, config.forward_timeout);
  if (name == "snapshot-every") return set_count(name, value, config.snapshot_every);
  if (name == "snapshot-keep") return set_count(name, value, config.snapshot_keep);
  if (name == "snapshot-chunk-bytes") {
    std::uint64_t bytes = 0;
    const Status status = set_count(name, value, bytes);
    config.snapshot_chunk_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, UINT32_MAX));
    return status;
  }
  if (name == "append-bytes-max") return set_count(name, value, config.append_bytes_max);
  if (name == "inflight-messages-max") return set_count(name, value, config.inflight_messages_max);
  if (name == "clock-drift-max") return set_duration(name, value, config.clock_drift_max);
  if (name == "pre-vote") config.pre_vote = is_on(value);
  if (name == "check-quorum") config.check_quorum = is_on(value);
  if (name == "on-follower") config.forward = value == "forward";
  if (name == "read-mode") config.read_mode = read_mode_of(value);
  return {};
}

/// The core names its own settings: the same names as the flags', but for one.
Error as_flag(Error error) {
  const std::size_t colon = error.message.find(": ");
  std::string name = error.message.substr(0, colon);
  if (colon == std::string::npos || name.find(' ') != std::string::npos) return error;
  std::replace(name.begin(), name.end(), '_', '-');
  if (name == "forward-timeout") name = "request-timeout";
  error.message = fmt::format("node.{} {}", name, error.message.substr(colon + 2));
  return error;
}

}  // namespace

Result<Settings> Settings::read(const Plan& plan) {
  Settings settings;
  for (const std::string& plant : plan.plants) {
    if (!plant.starts_with('S')) continue;
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format(
            "{} is planted in the storage of ordeal-node, which the simulator has another in the place of; "
            "host_power_loss_test brings it out",
            plant)};
  }
  for (const auto& [name, value] : plan.node_flags) {
    if (Status status = set_flag(name, value, settings.config_); !status.ok()) return status.error();
  }
  for (std::uint32_t n = 1; n <= plan.nodes; ++n) settings.config_.voters.push_back(NodeId(n));
  settings.config_.plants = plan.plants;
  const SimPlan& sim = plan.sim;
  settings.weather_ = {sim.delay_min, sim.delay_max,  sim.exponential, sim.slow,      sim.slow_max,
                       sim.loss,      sim.duplicates, sim.overtaking,  sim.bandwidth, sim.kept_by_cuts};
  settings.client_way_ = {sim.client_delay_min, sim.client_delay_max, sim.client_loss};
  settings.disk_.sync_min = sim.sync_min;
  settings.disk_.sync_max = sim.sync_max;
  const host::MapState nothing;
  Rng rng(0);
  const auto core = settings.make_protocol(NodeId(1), nothing, LogIndex(), Now{}, rng);
  if (!core.ok()) return as_flag(core.error());
  return settings;
}

Result<std::unique_ptr<Protocol>> Settings::make_protocol(NodeId self, const StoreView& store,
                                                          LogIndex applied, Now now, Rng& rng) const {
  raft::RaftConfig config = config_;
  config.self = self;
  return raft::make_raft(std::move(config), store, applied, now, rng);
}

std::optional<char> Settings::left_out_of_snapshots() const {
  const bool planted = std::find(config_.plants.begin(), config_.plants.end(), "R18") != config_.plants.end();
  return planted ? std::optional<char>(kv::kSessionPrefix) : std::nullopt;
}

}  // namespace ordeal::sim
