#pragma once
// Entries of the log, what stands before the first of them, and how both are stored in Space::kLog:
//
//   "h"                  term and vote
//   "s"                  the log's beginning
//   "e" big-endian index an entry
//
// so that cutting the tail and cutting the beginning are one range delete each.

#include "common/codec.h"
#include "common/ids.h"
#include "node/raft/configuration.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ordeal::raft {

enum class EntryKind : std::uint8_t {
  kNoOp = 0,           ///< opens a leader's term (Raft 8)
  kCommand = 1,        ///< for the state machine
  kConfiguration = 2,  ///< who is a member from here on
};

/// A fingerprint of a log up to and including an entry: two logs with the same chain at an index are the same
/// up to there, so log matching and state-machine safety are one comparison.
using Chain = std::uint64_t;

struct Entry {
  LogIndex index;
  Term term;
  EntryKind kind = EntryKind::kNoOp;
  Chain chain = 0;
  Bytes data;  ///< the command, or an encoded Configuration

  friend bool operator==(const Entry&, const Entry&) = default;
};

/// The chain of `entry` when `previous` is the chain before it; entry.chain is not looked at.
[[nodiscard]] Chain link(Chain previous, const Entry& entry);

/// What a log or a snapshot says about everything up to and including `index`. It travels with snapshots.
struct LogStart {
  LogIndex index;
  Term term;
  Chain chain = 0;
  Configuration configuration;  ///< in force at `index`

  friend bool operator==(const LogStart&, const LogStart&) = default;
};

/// What a node must remember to vote at most once in a term (Raft 5.1, 5.2).
struct HardState {
  Term term;
  NodeId vote;

  friend bool operator==(const HardState&, const HardState&) = default;
};

inline constexpr std::string_view kHardStateKey = "h";
inline constexpr std::string_view kLogStartKey = "s";
[[nodiscard]] Bytes entry_key(LogIndex index);
/// The end of all entry keys, excluded.
inline constexpr std::string_view kEntryKeysEnd = "f";
[[nodiscard]] std::optional<LogIndex> parse_entry_key(std::string_view key);

[[nodiscard]] Bytes encode_entry(const Entry& entry);
[[nodiscard]] std::optional<Entry> decode_entry(LogIndex index, std::string_view record);
void encode(Encoder& out, const LogStart& start);
[[nodiscard]] LogStart decode_log_start(Decoder& in);
[[nodiscard]] Bytes encode_hard_state(const HardState& state);
[[nodiscard]] std::optional<HardState> decode_hard_state(std::string_view record);

}  // namespace ordeal::raft
