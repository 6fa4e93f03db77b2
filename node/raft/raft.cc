#include "node/raft/raft.h"

#include "node/raft/core.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::raft {

namespace {

/// Why a node cannot run like this, or success.
Status verify(const RaftConfig& config) {
  if (config.self == kNoNode) return invalid_argument("self: node ids are counted from 1");
  std::vector<NodeId> voters = config.voters;
  std::sort(voters.begin(), voters.end());
  if (std::adjacent_find(voters.begin(), voters.end()) != voters.end())
    return invalid_argument("voters: a node is named twice");
  if (!voters.empty() && voters.front() == kNoNode)
    return invalid_argument("voters: node ids are counted from 1");
  if (config.heartbeat <= Duration{}) return invalid_argument("heartbeat: must be positive");
  if (config.election_timeout < config.heartbeat * 2) {
    return invalid_argument(
        "election_timeout: must be at least two heartbeats, else every delay is an election");
  }
  if (config.read_mode == ReadMode::kLease && config.clock_drift_max >= config.election_timeout) {
    return invalid_argument("clock_drift_max: must be less than election_timeout, else no lease ever holds");
  }
  if (config.clock_drift_max < Duration{}) return invalid_argument("clock_drift_max: must not be negative");
  if (config.forward_timeout <= Duration{}) return invalid_argument("forward_timeout: must be positive");
  if (config.snapshot_every == 0) return invalid_argument("snapshot_every: must be positive");
  if (config.snapshot_keep >= config.snapshot_every)
    return invalid_argument("snapshot_keep: must be less than snapshot_every");
  if (config.snapshot_chunk_bytes == 0) return invalid_argument("snapshot_chunk_bytes: must be positive");
  for (const auto& [name, limit] : {std::pair("append_bytes_max", config.append_bytes_max),
                                    std::pair("inflight_messages_max", config.inflight_messages_max),
                                    std::pair("inflight_bytes_max", config.inflight_bytes_max),
                                    std::pair("uncommitted_bytes_max", config.uncommitted_bytes_max),
                                    std::pair("apply_entries_max", config.apply_entries_max),
                                    std::pair("apply_bytes_max", config.apply_bytes_max)}) {
    if (limit == 0) return invalid_argument(fmt::format("{}: must be positive", name));
  }
  return {};
}

Result<HardState> read_hard_state(const StoreView& store) {
  const Result<std::optional<Bytes>> record = store.get(Space::kLog, kHardStateKey);
  if (!record) return record.error();
  if (!record->has_value()) return HardState{};
  const std::optional<HardState> state = decode_hard_state(**record);
  if (!state)
    return Error{ErrorCode::kCorruption,
                 "the record of term and vote does not parse; this replica must not "
                 "vote again: remove it from the cluster and add it again empty"};
  return *state;
}

Result<Core::Recovered> recover(const RaftConfig& config, const StoreView& store, LogIndex applied) {
  Result<HardState> hard_state = read_hard_state(store);
  if (!hard_state) return hard_state.error();
  Result<std::optional<Log>> log = Log::open(store, config.cache_bytes_max);
  if (!log) return log.error();
  Batch first_writes;
  if (!log->has_value()) {
    if (applied != LogIndex{} || *hard_state != HardState{}) {
      return Error{ErrorCode::kCorruption,
                   "the store has a state or a term but no log: it is not this protocol's, or "
                   "the log was removed"};
    }
    *log = Log::create(store, config.cache_bytes_max, normalized({config.voters, {}, {}}), first_writes);
  }
  if (applied < (*log)->start().index || applied > (*log)->last_index()) {
    return Error{
        ErrorCode::kCorruption,
        fmt::format(
            "the state is that after entry {}, the log has entries {} to {}: they do not belong together",
            applied, (*log)->first_index(), (*log)->last_index())};
  }
  if ((*log)->last_term() > hard_state->term) {
    return Error{ErrorCode::kCorruption,
                 fmt::format("the log has entries of term {}, but term {} is on record", (*log)->last_term(),
                             hard_state->term)};
  }
  return Core::Recovered{std::move(**log), *hard_state, applied, std::move(first_writes)};
}

}  // namespace

Result<std::unique_ptr<Protocol>> make_raft(RaftConfig config, const StoreView& store, LogIndex applied,
                                            Now now, Rng& rng) {
  if (const Status status = verify(config); !status) return status.error();
  const Result<PlantSet> plants = PlantSet::parse(config.plants);
  if (!plants) return plants.error();
  Result<Core::Recovered> recovered = recover(config, store, applied);
  if (!recovered) return recovered.error();
  return std::unique_ptr<Protocol>(
      std::make_unique<Core>(std::move(config), *plants, std::move(*recovered), now, rng));
}

std::span<const Plant> raft_plants() {
  return all_plants();
}

}  // namespace ordeal::raft
