#pragma once
// What the invariants see of a core.

#include "common/ids.h"
#include "node/protocol.h"
#include "node/raft/entry.h"

#include <cstdint>
#include <vector>

namespace ordeal::raft {

/// An entry without its data.
struct Mark {
  LogIndex index;
  Term term;
  Chain chain = 0;

  friend bool operator==(const Mark&, const Mark&) = default;
};

struct Inspection {
  NodeId node;
  bool leader = false;
  Term term;
  NodeId vote;  ///< in `term`
  LogIndex commit;
  LogIndex applied;
  LogIndex durable;         ///< the log is on disk up to here
  bool installing = false;  ///< a snapshot: the log in memory is not on disk yet
  Mark start;               ///< what stands before the first entry
  Mark last;
  std::uint64_t cuts = 0;  ///< how often entries were removed from the log's end since the process started
  LogIndex last_cut;       ///< from where on, the last time
  Configuration configuration;
  std::uint64_t malformed = 0;  ///< messages dropped because they made no sense
  /// The entries from the index asked for, as far as they are in memory; ascending, without gaps, up to
  /// `last`.
  std::vector<Mark> marks;

  friend bool operator==(const Inspection&, const Inspection&) = default;
};

/// The cheap part of it.
struct Standing {
  bool leader = false;
  Term term;
  bool joint = false;  ///< its members are being changed
  NodeId vote;         ///< in `term`
  LogIndex commit;
  LogIndex last;     ///< of the log
  LogIndex durable;  ///< the log is on disk up to here
};

// All require: `core` was made by make_raft.

[[nodiscard]] Inspection inspect(const Protocol& core, LogIndex marks_from);
/// The same into `seen`, whose memory is used again: the simulator looks after every step.
void inspect(const Protocol& core, LogIndex marks_from, Inspection& seen);
[[nodiscard]] Standing standing(const Protocol& core);

}  // namespace ordeal::raft
