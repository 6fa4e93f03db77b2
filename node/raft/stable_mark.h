#pragma once
// How far this node's own log is durable. Writes are reported by ticket; a ticket's claim "entries up to i
// are on disk" must not survive the cutting of those entries:
//
//   1. ticket 1 writes entry 5 of term 1; 2. a new leader replaces it: ticket 2 writes entry 5 of term 2; 3.
//   and again: ticket 3 writes entry 5 of term 3. Now ticket 1 is reported. Whoever takes that for "entry 5
//   is durable" counts a copy which a power loss may still turn into the entry of term 1.
//
// Comparing the claim's term with the log's is not quite enough (the same entry can be cut and come back), so
// cutting the log lowers the claims of all tickets under way.

#include "common/ids.h"
#include "node/protocol.h"

#include <deque>

namespace ordeal::raft {

class StableMark {
 public:
  /// Everything up to `index` is durable.
  explicit StableMark(LogIndex index) : index_(index) {}

  [[nodiscard]] LogIndex index() const { return index_; }

  /// When `ticket` is durable, so are the entries up to `last`. Tickets do not fall.
  void wrote(Ticket ticket, LogIndex last);
  /// The entries from `from` on are gone. `claims_too` is false for a planted bug alone: tickets under way
  /// keep what they claim.
  void cut(LogIndex from, bool claims_too = true);
  /// Every ticket up to this one is durable.
  void done(Ticket ticket);
  /// The log begins anew after `index`, durably.
  void reset(LogIndex index);

 private:
  struct Claim {
    Ticket ticket;
    LogIndex last;
  };
  LogIndex index_;
  std::deque<Claim> claims_;
};

}  // namespace ordeal::raft
