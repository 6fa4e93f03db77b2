#pragma once
// Raft (Ongaro and Ousterhout, USENIX ATC 2014; Ongaro, PhD thesis, 2014) as a protocol core: what a host
// needs to make one. Papers are cited as "Raft 5.4.2" and "thesis 4.2.1". Everything else in this folder is
// private.

#include "common/ids.h"
#include "common/plant.h"
#include "common/prng.h"
#include "common/result.h"
#include "common/time.h"
#include "node/protocol.h"
#include "node/store.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ordeal::raft {

/// How a read becomes linearizable (thesis 6.4).
enum class ReadMode {
  kReadIndex,  ///< a heartbeat round confirms leadership; many reads share a round
  kLease,      ///< no round while the lease holds: trusts that clocks drift less than `clock_drift_max`
  kLog,        ///< as an entry of the log
};

struct RaftConfig {
  NodeId self;
  /// Voters of a cluster that is born; used only when the store is empty. Empty: this node waits to be added.
  std::vector<NodeId> voters;

  Duration election_timeout = milliseconds(1000);  ///< timeouts are drawn in [1, 2) of it (thesis 9.1)
  Duration heartbeat = milliseconds(100);          ///< less than half of election_timeout
  bool pre_vote = true;                            ///< thesis 9.6
  bool check_quorum = true;  ///< a leader that hears from no majority steps down (thesis 6.2)
  ReadMode read_mode = ReadMode::kReadIndex;
  /// How much longer a follower's clock may say that an election timeout is over than the leader's.
  Duration clock_drift_max = milliseconds(100);

  bool forward = true;  ///< a follower passes requests on to the leader; false: Refusal kNotLeader
  Duration forward_timeout = milliseconds(5000);

  std::uint64_t snapshot_every = 10'000;  ///< entries applied beyond the log's beginning before it is cut
  std::uint64_t snapshot_keep = 1'000;    ///< entries kept behind the applied one, for peers that lag
  std::uint32_t snapshot_chunk_bytes = 256 * 1024;

  std::uint64_t append_bytes_max = 1024 * 1024;         ///< of one message; a single larger entry still goes
  std::uint64_t inflight_messages_max = 256;            ///< unanswered appends per peer
  std::uint64_t inflight_bytes_max = 16 * 1024 * 1024;  ///< and their bytes
  std::uint64_t uncommitted_bytes_max = 64 * 1024 * 1024;  ///< beyond: kOverloaded
  std::uint64_t apply_entries_max = 4'096;           ///< handed to the host and not yet reported as executed
  std::uint64_t apply_bytes_max = 32 * 1024 * 1024;  ///< and their bytes
  std::uint64_t cache_bytes_max = 32 * 1024 * 1024;  ///< recent entries kept in memory

  std::vector<std::string> plants;  ///< ids of raft_plants()
};

/// Makes a core from what the store holds: a new one when it is empty, else as it was before the stop.
/// `store` must outlive the core; `applied` is the applied index of the state in the store. Errors:
/// kInvalidArgument (configuration; the message says which field), kCorruption (the log does not fit together
/// or ends before `applied`), whatever `store` reports.
///
/// A read error of the store later on ends the core's part in the protocol: one Event "storage-error", then
/// it sends nothing, grants nothing and refuses every request with kNoLeader. The host is expected to stop.
[[nodiscard]] Result<std::unique_ptr<Protocol>> make_raft(RaftConfig config, const StoreView& store,
                                                          LogIndex applied, Now now, Rng& rng);

/// The planted bugs. R18 is carried out by whoever serialises the state; this core knows it and ignores it.
[[nodiscard]] std::span<const Plant> raft_plants();

}  // namespace ordeal::raft
