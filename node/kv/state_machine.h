#pragma once
// The replicated key-value store as a state machine: commands of common/kv_api.h in, batches and replies
// out. All it knows lives in Space::kState, in two parts:
//
//   'k' key                    u64 version, stored (codec.h); a deleted key stays as a tombstone
//   's' ...                    the session table (sessions.h)
//
// The version of a value is the index of the log entry that wrote it. A command that does not decode or that
// find_fault refuses has no effect and is answered kInvalid, so a replica never stops at a bad entry.

#include "node/store.h"

#include <cstdint>
#include <memory>

namespace ordeal::kv {

/// First byte of the keys that hold data, and of those that hold the session table.
inline constexpr char kDataPrefix = 'k';
inline constexpr char kSessionPrefix = 's';

struct StateMachineOptions {
  /// Clients whose last reply is remembered. Beyond, the one idle for the most log entries is forgotten. The
  /// same on every replica, or replicas part.
  std::uint64_t sessions_max = 16'384;
};

[[nodiscard]] std::unique_ptr<StateMachine> make_kv_state_machine(StateMachineOptions options = {});

}  // namespace ordeal::kv
