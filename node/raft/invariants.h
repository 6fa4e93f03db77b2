#pragma once
// What must hold of a cluster at every moment (Raft figure 3 and 5.4.3), checked after each event at a cost
// that does not grow with the logs: by chains, an equal fingerprint at an index means equal logs up to there.
//
//   election safety        at most one leader per term
//   leader append-only     a leader never removes entries of its log
//   log matching           an index and a term name one entry and one history before it
//   leader completeness    what was committed is in the log of every leader of a later term
//   state-machine safety   no two nodes commit different entries at an index
//   quorum durability      what a leader commits is on the disks of a majority (of each half, when joint);
//                          asks of the host that a core is told StorageDone before the sends that waited
//                          for it leave
//   durability             what a node called durable is there when it comes back
//   monotonicity           terms and commit indexes do not fall; a vote stays
//
// check_transition looks at one node before and after; ClusterInvariants remembers what it needs of all.

#include "node/protocol.h"
#include "node/raft/inspection.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ordeal::raft {

struct Violation {
  std::string invariant;  ///< as above, in words with dashes: election-safety
  std::string text;       ///< who, where
};

/// One node, before and after an event within one life of its process.
[[nodiscard]] std::optional<Violation> check_transition(const Inspection& before, const Inspection& after);

class ClusterInvariants {
 public:
  /// To be called after every step of a core, and after its start. Tells the first violation, once.
  [[nodiscard]] std::optional<Violation> observe(const Protocol& core);
  /// The node's process ended. What was durable stays; the rest may be gone.
  void stopped(NodeId node);

  /// The highest index that some node committed.
  [[nodiscard]] LogIndex committed() const {
    return LogIndex{committed_.empty() ? 0 : committed_.size() - 1};
  }

 private:
  struct Known {
    Inspection seen;
    Term led;               ///< the last term in which it was seen as leader
    std::vector<Mark> log;  ///< entry i is at i - log.front().index; without gaps
    bool running = false;
  };
  struct Committed {
    std::optional<Chain> chain;  ///< none: passed over by a snapshot
    Term term;                   ///< of the first node that committed it, when it did
  };

  /// `promised`: the end of what was durable when the node stopped; chain 0: not known.
  static std::optional<Violation> check_return(const Known& known, const Mark& promised);
  std::optional<Violation> check_state(Known& known, LogIndex marks_from, LogIndex commit_before,
                                       const Configuration& deciding);
  std::optional<Violation> check_later_leaders(const Inspection& node) const;
  std::optional<Violation> check_election(const Inspection& node);
  std::optional<Violation> check_log(const Known& known, LogIndex marks_from);
  std::optional<Violation> check_mark(NodeId node, const Mark& mark);
  std::optional<Violation> check_commit(const Known& known, LogIndex commit_before,
                                        const Configuration& deciding);
  std::optional<Violation> check_completeness(const Known& leader) const;
  std::optional<Violation> check_quorum(const Known& leader, const Configuration& deciding) const;
  static void follow_log(Known& known, const Inspection& now);
  /// What is remembered of the log at `index`.
  static std::optional<Mark> mark_at(const Known& known, LogIndex index);
  /// What the node has at `index`: none when it has nothing there or the index is before its log.
  static std::optional<Chain> chain_at(const Known& known, LogIndex index);
  static bool holds(const Known& known, LogIndex index, Chain chain);

  std::map<NodeId, Known> nodes_;
  Inspection now_;  ///< of the observation under way; a member so that its memory is used again
  std::map<Term, NodeId> leaders_;
  std::vector<std::vector<std::pair<Term, Chain>>> entries_;  ///< by index: every entry ever seen there
  std::vector<Committed> committed_;                          ///< by index; [0] is not used
};

}  // namespace ordeal::raft
