#include "node/host/protocols.h"

#include "node/host/duties/map_state.h"
#include "node/host/duties/storage_plants.h"
#include "node/kv/state_machine.h"
#include "node/raft/raft.h"

#include <fmt/format.h>

namespace ordeal::host {
namespace {

raft::ReadMode read_mode_of(ReadModeOption mode) {
  switch (mode) {
    case ReadModeOption::kReadIndex:
      return raft::ReadMode::kReadIndex;
    case ReadModeOption::kLease:
      return raft::ReadMode::kLease;
    case ReadModeOption::kLog:
      return raft::ReadMode::kLog;
  }
  return raft::ReadMode::kReadIndex;
}

raft::RaftConfig raft_config(const NodeOptions& options) {
  raft::RaftConfig config;
  config.self = options.id;
  config.voters = options.voters;
  config.election_timeout = options.election_timeout;
  config.heartbeat = options.heartbeat;
  config.pre_vote = options.pre_vote;
  config.check_quorum = options.check_quorum;
  config.read_mode = read_mode_of(options.read_mode);
  config.forward = options.on_follower == OnFollower::kForward;
  config.forward_timeout = options.request_timeout;
  config.snapshot_every = options.snapshot_every;
  config.snapshot_keep = options.snapshot_keep;
  config.snapshot_chunk_bytes = static_cast<std::uint32_t>(options.snapshot_chunk_bytes);
  config.append_bytes_max = options.append_bytes_max;
  config.inflight_messages_max = options.inflight_messages_max;
  config.clock_drift_max = options.clock_drift_max;
  config.plants = options.plants;
  // Ignored: what is the storage's is carried out there.
  static_cast<void>(StoragePlants::take_from(config.plants));
  return config;
}

/// Whether the core takes these settings, asked before there is a data directory to spoil.
Status try_core(const NodeOptions& options) {
  const MapState nothing;
  Rng rng(0);
  const auto core = raft::make_raft(raft_config(options), nothing, LogIndex(0), Now{}, rng);
  if (core.ok()) return {};
  return Error{core.error().code, fmt::format("{} does not run with these settings: {}", options.protocol,
                                              core.error().message)};
}

}  // namespace

Status check_protocol(const NodeOptions& options) {
  if (options.protocol != "raft")
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("--protocol: '{}' is not known; this program runs raft", options.protocol)};
  std::vector<Plant> known(raft::raft_plants().begin(), raft::raft_plants().end());
  if (options.storage == StorageKind::kRocksdb)
    known.insert(known.end(), storage_plants().begin(), storage_plants().end());
  for (const std::string& plant : options.plants) {
    const bool exists = std::any_of(known.begin(), known.end(),
                                    [&](const Plant& candidate) { return candidate.id == plant; });
    if (exists) continue;
    std::string names;
    for (const Plant& candidate : known) names += (names.empty() ? "" : ", ") + std::string(candidate.id);
    return Error{ErrorCode::kInvalidArgument, fmt::format("--plant: {} is no planted bug of {}; there are {}",
                                                          plant, options.protocol, names)};
  }
  return try_core(options);
}

Result<std::unique_ptr<Protocol>> make_protocol(const NodeOptions& options, const StoreView& store,
                                                LogIndex applied, Now now, Rng& rng) {
  return raft::make_raft(raft_config(options), store, applied, now, rng);
}

std::optional<char> left_out_of_snapshots(const NodeOptions& options) {
  const bool planted = std::find(options.plants.begin(), options.plants.end(), "R18") != options.plants.end();
  return planted ? std::optional<char>(kv::kSessionPrefix) : std::nullopt;
}

}  // namespace ordeal::host
