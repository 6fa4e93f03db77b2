#pragma once
// The session table (Raft thesis 6.3): for each client the last sequence number and its reply, so that a
// retry is answered and not applied again. It is part of the replicated state and of every snapshot, and what
// is forgotten is decided by log indexes alone, so all replicas forget the same client at the same entry.
//
//   "sc" client (8, big endian)               u64 sequence, u64 index of last use, bytes reply
//   "su" index (8) client (8)                 empty; the clients in order of their last use
//   "sn"                                      u64 number of clients in the table
//   "se"                                      u64 number of clients that were ever forgotten
//
// A client that is not in the table begins at any sequence while nobody was ever forgotten, because then
// nothing of it was applied. After that it begins at sequence 1, and a higher one is answered
// kSessionExpired. What this cannot see: a retry of a client's very first command that comes after as many
// other clients as the table holds.

#include "common/kv_api.h"
#include "common/result.h"
#include "node/store.h"

#include <cstdint>
#include <optional>

namespace ordeal::kv {

/// A client's row before a command, and what it means for that command.
struct SessionLookup {
  /// Set: this is the answer, and the command is not applied.
  std::optional<Reply> answer;
  /// Index of the client's last use; 0 for a client that is new.
  LogIndex last_use;
};

[[nodiscard]] Result<SessionLookup> look_up_session(const StoreView& state, LogIndex index,
                                                    const SessionStamp& stamp);

/// Adds to `batch` what remembers `reply` for a command that was applied at `index`: the row, its place in
/// the order of use and, when the client is new and the table full, the end of the client that is idle
/// longest.
[[nodiscard]] Status remember_reply(const StoreView& state, LogIndex index, const SessionStamp& stamp,
                                    const SessionLookup& lookup, std::string_view reply,
                                    std::uint64_t sessions_max, Batch& batch);

}  // namespace ordeal::kv
