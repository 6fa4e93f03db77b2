#pragma once
// The contract between a protocol core and whatever hosts it: the real process (node/host) or the simulator.
//
// A core is a function of its inputs. It does no I/O, reads no clock and draws chance only from the generator
// it is handed. The host's duties, for every Output:
//   1. Carry out `writes` in the order of their tickets, each batch atomically and durably (one sync may
//      serve many), and report StorageDone with the highest durable ticket. Tickets are never reported out
//      of order. A batch is visible to the core's StoreView as soon as the host has taken it.
//   2. Release a Send or a Refusal with `after` = k only when ticket k is durable; with `after` = 0 at once.
//      Messages may be lost, duplicated and reordered; the core must bear it.
//   3. Execute `committed` in order, exactly once each in the lifetime of the state: StateMachine::apply,
//      then effects and applied index in one batch (it need not be synced: the log holds the entry). Report
//      Executed.
//   4. Answer `answers` from the state as it is after all entries in `committed` up to this Output were
//      executed.
//   5. Carry out `snapshots` in order.
//   6. Call step again at `next_wake` at the latest, with or without inputs.
// An error from storage stops the node: a core is never told that a write failed. (A full disk is refused
// before it reaches the core.)

#include "common/ids.h"
#include "common/prng.h"
#include "common/result.h"
#include "common/time.h"
#include "node/store.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ordeal {

/// Names a write of a core; counted from 1 since the process started. 0: nothing to wait for.
using Ticket = StrongInt<struct TicketTag>;
/// Names a client request within the node that took it, since the process started.
using RequestId = StrongInt<struct RequestIdTag>;
/// Names a snapshot that is being sent or received: chosen by the sender, the same on both sides.
using SnapshotId = StrongInt<struct SnapshotIdTag>;

// --- Inputs ---

/// A message from a peer, as its core encoded it. A malformed one is dropped and counted by the core.
struct PeerMessage {
  NodeId from;
  Bytes payload;
};
/// A client's command at this node. Answered once by an executed entry, an Answer or a Refusal; if the
/// process dies first, by nothing.
struct ClientRequest {
  RequestId id;
  Bytes command;  ///< encoded kv::Command
  bool read_only = false;
};
/// Every ticket up to and including this one is durable.
struct StorageDone {
  Ticket ticket;
};
/// Every committed entry up to `index` was executed. `replies` are for requests that came from other nodes.
struct Executed {
  LogIndex index;
  struct Remote {
    NodeId origin;
    RequestId id;
    Bytes reply;
  };
  std::vector<Remote> replies;
};
/// The snapshot asked for by SnapshotTake is open: the state after entry `index`.
struct SnapshotTaken {
  SnapshotId id;
  LogIndex index;
};
/// A chunk asked for by SnapshotRead. `bytes` starts at `offset` of the snapshot's byte stream.
struct SnapshotChunk {
  SnapshotId id;
  std::uint64_t offset = 0;
  Bytes bytes;
  bool last = false;
};
/// The snapshot asked for by SnapshotInstall is the state now, durably.
struct SnapshotInstalled {
  SnapshotId id;
  LogIndex index;
};
using Input = std::variant<PeerMessage, ClientRequest, StorageDone, Executed, SnapshotTaken, SnapshotChunk,
                           SnapshotInstalled>;

// --- Outputs ---

struct Write {
  Ticket ticket;
  Batch batch;  ///< in Space::kLog alone
};
struct Send {
  NodeId to;
  Bytes payload;
  Ticket after;
};
/// Who waits for a committed entry's reply.
struct Origin {
  NodeId node;
  RequestId id;
};
struct CommittedEntry {
  LogIndex index;
  Bytes command;  ///< empty: nothing to execute (no-op, configuration), only the applied index moves
  std::optional<Origin> origin;  ///< known only where the request was taken or forwarded to
};
/// Answer this request from the state: a read that was confirmed, StateMachine::answer. When the request came
/// from another node, report the reply in Executed::replies.
struct Answer {
  Origin origin;
  Bytes command;
};
enum class RefusalCode : std::uint8_t {
  kNotLeader,       ///< definite: nothing happened; ask `leader`
  kNoLeader,        ///< definite: no leader is known
  kOverloaded,      ///< definite: too much in flight
  kLeadershipLost,  ///< indefinite: taken into the log, then leadership was lost
  kTimeout,         ///< indefinite: forwarded, no answer
};
struct Refusal {
  RequestId id;
  RefusalCode code = RefusalCode::kNoLeader;
  NodeId leader;  ///< kNoNode when not known
  Ticket after;
};
/// A reply that came from another node for a request of ours.
struct ForwardedReply {
  RequestId id;
  Bytes reply;
};

/// Pin the state as it is after everything in `committed` up to this Output; report SnapshotTaken.
struct SnapshotTake {
  SnapshotId id;
};
/// Report SnapshotChunk with at most `size_max` bytes from `offset` on.
struct SnapshotRead {
  SnapshotId id;
  std::uint64_t offset = 0;
  std::uint32_t size_max = 0;
};
/// Let go of a pinned snapshot, or forget a half received one.
struct SnapshotDrop {
  SnapshotId id;
};
/// Put a received chunk beside the state, at `offset` of the byte stream. Chunks come in order without gaps;
/// offset 0 starts afresh.
struct SnapshotStage {
  SnapshotId id;
  std::uint64_t offset = 0;
  Bytes bytes;
};
/// Make the staged stream the state, with applied index `index`, in one durable batch together with `batch`
/// (the log's new beginning); report SnapshotInstalled. Waits for earlier writes. A stream that does not
/// parse stops the node.
struct SnapshotInstall {
  SnapshotId id;
  LogIndex index;
  Batch batch;
};
using SnapshotStep = std::variant<SnapshotTake, SnapshotRead, SnapshotDrop, SnapshotStage, SnapshotInstall>;

/// Something worth a log line: an election won, a snapshot sent. The host logs it; tests and the simulator
/// read it.
struct Event {
  std::string name;  ///< a word with dashes: became-leader, stepped-down, snapshot-installed, plant-active
  std::string text;  ///< a sentence
};

struct Output {
  std::vector<Write> writes;
  std::vector<Send> sends;
  std::vector<CommittedEntry> committed;
  std::vector<Answer> answers;
  std::vector<Refusal> refusals;
  std::vector<ForwardedReply> forwarded_replies;
  std::vector<SnapshotStep> snapshots;
  std::vector<Event> events;
  MonotonicTime next_wake;
};

// --- What a node says of itself ---

struct PeerStatus {
  NodeId node;
  LogIndex match;     ///< known replicated up to here; 0 on a follower
  std::string state;  ///< probe, replicate, snapshot; empty on a follower
  bool learner = false;
};
struct ProtocolStatus {
  std::string role;  ///< leader, follower, candidate, pre-candidate, learner
  Term term;
  NodeId leader;
  LogIndex commit;
  LogIndex applied;
  LogIndex first_index;  ///< oldest entry that is still in the log
  LogIndex last_index;
  std::vector<NodeId> voters;
  std::vector<NodeId> learners;
  std::vector<PeerStatus> peers;
  std::vector<std::string> plants;  ///< planted bugs that are on
};

/// Optional power: move leadership. The host offers it when Protocol::leadership() is not null.
class LeadershipControl {
 public:
  virtual ~LeadershipControl() = default;
  /// Asks the leader (this node) to hand over to `target`, or to the most up-to-date peer when kNoNode.
  /// Refused with kUnavailable when this node is not the leader.
  virtual Result<Output> transfer(Now now, Rng& rng, NodeId target) = 0;
};
/// Optional power: change who is a member.
class MembershipControl {
 public:
  virtual ~MembershipControl() = default;
  /// Starts a change to these voters and learners (joint consensus). Refused with kUnavailable when this node
  /// is not the leader or a change is under way, kInvalidArgument for an empty or contradictory set.
  virtual Result<Output> change(Now now, Rng& rng, std::vector<NodeId> voters,
                                std::vector<NodeId> learners) = 0;
};

class Protocol {
 public:
  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;

  /// Takes inputs in order and returns what the host owes. A batch of inputs gives one Output, so that many
  /// requests share an append; an empty batch is the passing of time.
  virtual Output step(Now now, Rng& rng, std::span<const Input> inputs) = 0;

  [[nodiscard]] virtual ProtocolStatus status() const = 0;

  virtual LeadershipControl* leadership() { return nullptr; }
  virtual MembershipControl* membership() { return nullptr; }
};

}  // namespace ordeal
