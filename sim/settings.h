#pragma once
// A plan as the simulated machines take it: the flags that ordeal-node would get become a core's
// configuration, the section `sim` becomes network and disks.

#include "common/prng.h"
#include "common/result.h"
#include "controller/run/plan.h"
#include "node/protocol.h"
#include "node/raft/raft.h"
#include "node/store.h"
#include "sim/network.h"
#include "sim/storage.h"

#include <memory>
#include <optional>

namespace ordeal::sim {

/// Shares are of 1,000.
struct ClientWay {
  Duration delay_min;
  Duration delay_max;
  std::uint32_t loss = 0;
};

class Settings {
 public:
  /// kInvalidArgument: a flag's value, a plant or a combination that the node would refuse too.
  [[nodiscard]] static Result<Settings> read(const Plan& plan);

  [[nodiscard]] Result<std::unique_ptr<Protocol>> make_protocol(NodeId self, const StoreView& store,
                                                                LogIndex applied, Now now, Rng& rng) const;
  /// As in host::MapSnapshots.
  [[nodiscard]] std::optional<char> left_out_of_snapshots() const;

  [[nodiscard]] const Weather& weather() const { return weather_; }
  [[nodiscard]] const DiskHealth& disk() const { return disk_; }
  /// The way between a client and a node.
  [[nodiscard]] const ClientWay& client_way() const { return client_way_; }
  [[nodiscard]] Duration request_timeout() const { return config_.forward_timeout; }
  [[nodiscard]] Duration election_timeout() const { return config_.election_timeout; }
  /// Whether followers pass requests on.
  [[nodiscard]] bool forwards() const { return config_.forward; }
  /// Whether a node that is heard but deaf leaves the others in peace: as a leader it steps down, as a
  /// follower it does not stand in ever higher terms.
  [[nodiscard]] bool bears_deaf_nodes() const { return config_.check_quorum && config_.pre_vote; }
  /// No Raft makes progress when an election, with its messages and the syncs of candidate and voter, takes
  /// as long as an election timeout.
  [[nodiscard]] bool can_be_live() const {
    return weather_.delay_max * 4 + disk_.sync_max * 2 < config_.election_timeout;
  }
  /// How far each node's clocks may be from the world's when it begins.
  [[nodiscard]] Duration clock_offset_max() const { return seconds(10); }

 private:
  Settings() = default;

  raft::RaftConfig config_;
  Weather weather_;
  DiskHealth disk_;
  ClientWay client_way_;
};

}  // namespace ordeal::sim
