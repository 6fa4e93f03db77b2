#pragma once
// What the replicated key-value store is asked and what it answers, as types. The JSON form of the same is
// docs/formats/node-api.md; the binary form in the log is node/kv. Keys and values are bytes.

#include "common/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ordeal::kv {

inline constexpr std::size_t kKeySizeMax = 1024;           ///< bytes; an empty key is refused
inline constexpr std::size_t kValueSizeMax = 1024 * 1024;  ///< bytes, also of a whole list
inline constexpr std::size_t kStepsMax = 128;              ///< steps of one command

enum class StepKind : std::uint8_t { kGet = 1, kPut = 2, kDelete = 3, kCas = 4, kAppend = 5 };

/// One step of a command. `value` is what put writes, cas writes on success and append adds; `expected` is
/// what cas compares with, none meaning "the key must be absent or deleted".
struct Step {
  StepKind kind = StepKind::kGet;
  Bytes key;
  Bytes value;
  std::optional<Bytes> expected;

  friend bool operator==(const Step&, const Step&) = default;
};

/// Identifies a command of a client so that a retry is applied once (Raft thesis 6.3). Sequence numbers of a
/// client start at 1 and grow by one; a client has one command open at a time.
struct SessionStamp {
  std::uint64_t client = 0;
  std::uint64_t sequence = 0;

  friend bool operator==(const SessionStamp&, const SessionStamp&) = default;
};

/// An atomic transaction: steps take effect in order, all or none. It has no effect when a cas step does not
/// match or an append meets a plain value.
struct Command {
  std::optional<SessionStamp> session;
  std::vector<Step> steps;

  [[nodiscard]] bool read_only() const;
  friend bool operator==(const Command&, const Command&) = default;
};

/// What a key holds: nothing, a plain value, or a list built by append.
using Stored = std::variant<std::monostate, Bytes, std::vector<Bytes>>;

/// The answer to one step. For get and for a cas that did not match: the value and version found (a tombstone
/// has no value and the version of its delete; a key never written has version 0). For a step that took
/// effect: the version it gave, and no value except that append gives the list as it is now.
struct StepResult {
  bool ok =
      false;  ///< the step did what it says; false for a cas that did not match, an append to a plain value
  Stored value;
  Version version;

  friend bool operator==(const StepResult&, const StepResult&) = default;
};

enum class ReplyCode : std::uint8_t {
  kCommitted = 0,  ///< all steps ok and in effect
  kAborted = 1,    ///< a step was not ok, nothing took effect; results up to and including that step
  kSessionExpired =
      2,  ///< the session was dropped (too many clients): whether an earlier try took effect is unknown
  kSequenceTooOld = 3,  ///< a later command of this session was already applied
  kInvalid = 4,         ///< refused before any effect: sizes, empty key, no steps
};

struct Reply {
  ReplyCode code = ReplyCode::kCommitted;
  bool duplicate = false;  ///< answered from the session table: the command had been applied before
  LogIndex index;          ///< state the answer was computed from
  std::vector<StepResult> results;

  friend bool operator==(const Reply&, const Reply&) = default;
};

/// "get", "put", "delete", "cas", "append".
[[nodiscard]] std::string_view to_text(StepKind kind);
[[nodiscard]] std::optional<StepKind> parse_step_kind(std::string_view text);

/// Nothing, or why a command is refused: no steps, too many, an empty or too long key, a too long value.
[[nodiscard]] std::optional<std::string> find_fault(const Command& command);

}  // namespace ordeal::kv
