#pragma once
// The Raft core: one class whose roles are spread over files by subject.
//
//   core.cc         the step, who may say what in which term, status
//   election.cc     timers, pre-vote, votes, becoming and ceasing to be leader
//   follower.cc     appends and heartbeats as they arrive
//   leader.cc       appends and heartbeats as they leave, answers to them, the commit rule
//   apply.cc        committed entries to the host, compaction
//   requests.cc     proposals and refusals; forwarding, both sides
//   reads.cc        ReadIndex, leases, reads at followers
//   snapshots.cc    sending and receiving
//   membership.cc   joint consensus, learners
//   transfer.cc     handing leadership over
//
// A step takes inputs one after the other, then time, then finishes: what many inputs asked for leaves
// together.

#include "node/protocol.h"
#include "node/raft/inspection.h"
#include "node/raft/log.h"
#include "node/raft/message.h"
#include "node/raft/plants.h"
#include "node/raft/progress.h"
#include "node/raft/quorum.h"
#include "node/raft/raft.h"
#include "node/raft/replay_window.h"
#include "node/raft/stable_mark.h"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ordeal::raft {

class Core final : public Protocol, public LeadershipControl, public MembershipControl {
 public:
  /// What the store remembers.
  struct Recovered {
    Log log;
    HardState hard_state;
    LogIndex applied;
    Batch first_writes;  ///< of a new store: the log's beginning
  };
  /// Requires: a valid configuration; `applied` is in the log.
  Core(RaftConfig config, PlantSet plants, Recovered recovered, Now now, Rng& rng);

  Output step(Now now, Rng& rng, std::span<const Input> inputs) override;
  [[nodiscard]] ProtocolStatus status() const override;
  LeadershipControl* leadership() override { return this; }
  MembershipControl* membership() override { return this; }
  Result<Output> transfer(Now now, Rng& rng, NodeId target) override;
  Result<Output> change(Now now, Rng& rng, std::vector<NodeId> voters, std::vector<NodeId> learners) override;
  void inspect(LogIndex marks_from, Inspection& seen) const;
  [[nodiscard]] Standing standing() const {
    return {role_ == Role::kLeader, term_,          members().joint(), vote_, commit_,
            log_.last_index(),      stable_.index()};
  }

 private:
  enum class Role { kFollower, kPreCandidate, kCandidate, kLeader };

  /// An entry of this leader for which somebody waits, or that counts against the back-pressure.
  struct Proposal {
    LogIndex index;
    std::uint64_t bytes = 0;
    Origin origin;
  };
  /// A request of this node's own client.
  struct Request {
    RequestId id;
    Bytes command;
  };
  struct RemoteRead {
    NodeId node;
    std::uint64_t number = 0;  ///< of its ReadIndexRequest
  };
  /// Reads that arrived together.
  struct ReadBatch {
    std::vector<Request> local;
    std::vector<RemoteRead> remote;
    [[nodiscard]] bool empty() const { return local.empty() && remote.empty(); }
  };
  /// Reads that wait for a majority to answer heartbeat round `round`.
  struct ReadRound {
    std::uint64_t round = 0;
    LogIndex index;
    ReadBatch reads;
  };
  /// A read that may be answered as soon as the state includes entry `index`.
  struct ReadyRead {
    LogIndex index;
    Request request;
    MonotonicTime deadline;
  };
  /// Reads of this follower that wait for the leader's read index.
  struct AskedReads {
    std::vector<Request> reads;
    MonotonicTime deadline;
  };
  struct Forwarded {
    RequestId id;
    MonotonicTime deadline;
    Bytes command;  ///< planted bug R23 alone
  };
  struct Transfer {
    NodeId target;
    MonotonicTime deadline;
    bool asked = false;  ///< TimeoutNow was sent
  };
  /// A learner that shall become a voter is followed in rounds: in each it must reach what was the log's end
  /// when the round began, and the last round must be short (thesis 4.2.1).
  struct CatchUp {
    LogIndex goal;
    MonotonicTime started;
    int rounds = 0;
    bool done = false;
  };
  /// A membership change that waits for its new voters to catch up. What follows is in the log itself.
  struct Change {
    Configuration target;
    std::map<NodeId, CatchUp> joining;
  };
  struct OutgoingSnapshot {
    SnapshotId id;
    LogIndex floor;                 ///< the log is kept from here on while it is under way
    std::optional<LogStart> start;  ///< known when the host has taken it
    std::uint64_t offset = 0;       ///< of `chunk`
    std::optional<Bytes> chunk;     ///< read and not yet acknowledged
    bool last = false;
    std::uint64_t sent_end = 0;  ///< the end of the farthest chunk that was sent
    bool sent_last = false;      ///< that one ends the snapshot
    std::uint64_t taken = 0;     ///< what the receiver said last to have
    MonotonicTime sent_at;
    MonotonicTime progress_at;
  };
  struct IncomingSnapshot {
    SnapshotId id;
    LogStart start;
    std::uint64_t offset = 0;
  };
  struct Installing {
    SnapshotId id;
    LogIndex index;
  };
  /// What only a leader has; gone when it steps down.
  struct Leading {
    LogIndex first_own;  ///< the no-op of this term
    std::map<NodeId, Progress> peers;
    std::map<NodeId, OutgoingSnapshot> snapshots;
    std::uint64_t round = 0;  ///< of the last heartbeats
    MonotonicTime heartbeat_due;
    MonotonicTime checks_due;  ///< apart from the heartbeats, which reads bring forward
    ReadBatch arrived;
    std::deque<ReadRound> rounds;
    std::optional<Transfer> transfer;
    bool lease_void = false;  ///< a TimeoutNow is somewhere on the network
    std::optional<Change> change;
    std::map<NodeId, WallTime> wall_promises;  ///< planted bug R9 alone
  };
  /// Messages with forwarded requests that were seen as the leader of `term`.
  struct SeenForwards {
    Term term;
    std::map<std::pair<NodeId, std::uint64_t>, ReplayWindow> windows;
  };

  // --- core.cc -------------------------------------------------------------------------------------------
  void begin(Now now, Rng& rng);
  Output finish();
  void take(const PeerMessage& input);
  void take(const ClientRequest& input);
  void take(const StorageDone& input);
  void take(const Executed& input);
  void take(const SnapshotTaken& input);
  void take(const SnapshotChunk& input);
  void take(const SnapshotInstalled& input);
  /// Raft 5.1: settles the terms. False when the message is not to be handled further.
  bool settle_term(NodeId from, const Message& message);
  bool answer_stale(NodeId from, const MessageBody& body);
  void tick();
  void drop_malformed(NodeId from);
  /// The node's part ends here.
  void fail_storage(const Error& error);
  /// True when fine; else the node has failed.
  bool survives(const Status& status);
  [[nodiscard]] MonotonicTime next_wake() const;
  template <class Body>
  void send(NodeId to, const Body& body) {
    send_payload(Ticket{}, to, encode(term_, body));
  }
  /// Released when everything written so far is durable.
  template <class Body>
  void send_when_durable(NodeId to, const Body& body) {
    send_after(last_write(), to, body);
  }
  template <class Body>
  void send_after(Ticket ticket, NodeId to, const Body& body) {
    send_payload(ticket > durable_ ? ticket : Ticket{}, to, encode(term_, body));
  }
  void send_payload(Ticket after, NodeId to, Bytes payload);
  [[nodiscard]] Ticket last_write() const;
  void persist_hard_state();
  void event(std::string name, std::string text);
  [[nodiscard]] const Configuration& members() const { return log_.configuration(); }
  [[nodiscard]] MonotonicTime clock() const { return now_.monotonic; }

  // --- election.cc ---------------------------------------------------------------------------------------
  void reset_election_timer();
  void campaign();
  void start_pre_vote();
  void start_election(bool transfer);
  void count_votes();
  void become_leader();
  void follow(Term term, NodeId leader);
  void stop_leading(std::string why);
  [[nodiscard]] bool may_campaign() const;
  [[nodiscard]] bool leader_is_alive() const;
  [[nodiscard]] bool is_current(LogIndex last_index, Term last_term) const;
  void handle(NodeId from, Term term, PreVoteRequest& m);
  void handle(NodeId from, Term term, PreVoteReply& m);
  void handle(NodeId from, Term term, VoteRequest& m);
  void handle(NodeId from, Term term, VoteReply& m);

  // --- follower.cc ---------------------------------------------------------------------------------------
  bool hear_leader(NodeId from);
  void handle(NodeId from, Term term, Append& m);
  void handle(NodeId from, Term term, Heartbeat& m);
  void handle(NodeId from, Term term, CommitNotice& m);
  /// The log is the leader's up to `index`, which was appended after `prev_index`.
  void acknowledge(NodeId to, LogIndex prev_index, LogIndex index);
  void refuse_append(NodeId from, const Append& m);
  bool link_entries(NodeId from, Append& m, std::size_t fresh);
  bool store_entries(Append& m, std::size_t fresh);
  void follow_commit(LogIndex leader_commit);

  // --- leader.cc -----------------------------------------------------------------------------------------
  void append_own(EntryKind kind, Bytes data);
  void lead_tick();
  void check_leadership();
  void start_round();
  /// Makes the peers those of the configuration; new ones are sent entries from `next` on.
  void sync_peers(LogIndex next);
  void replicate();
  void replicate_to(NodeId to, Progress& peer);
  /// What fits of the entries from peer.next() to `last_wanted`; none when that is before.
  void send_append(NodeId to, Progress& peer, LogIndex last_wanted);
  void advance_commit();
  [[nodiscard]] MonotonicTime quorum_contact() const;
  [[nodiscard]] bool recently_active(const Progress& peer) const;
  [[nodiscard]] Progress* find_peer(NodeId node);
  void handle(NodeId from, Term term, AppendReply& m);
  void handle(NodeId from, Term term, HeartbeatReply& m);

  // --- apply.cc ------------------------------------------------------------------------------------------
  void commit_to(LogIndex index);
  void hand_out();
  void answer_ready_reads();
  void compact();

  // --- requests.cc ---------------------------------------------------------------------------------------
  void propose(Origin origin, const Bytes& command);
  void refuse(const Origin& origin, RefusalCode code);
  void reply(const Origin& origin, Bytes reply);
  /// Whom a refused client may ask instead.
  [[nodiscard]] NodeId other_leader() const;
  void abandon_proposals();
  void answer_from_log(const Proposal& proposal);
  void abandon_forwards();
  void expire_requests();
  void start_writes();
  void forward_again(RequestId id, const Bytes& command);
  void flush_replies();
  void handle(NodeId from, Term term, Forward& m);
  void handle(NodeId from, Term term, ForwardReplies& m);

  // --- reads.cc ------------------------------------------------------------------------------------------
  void start_reads();
  void ask_read_index();
  void confirm_rounds();
  void confirm(ReadBatch reads, LogIndex index);
  void refuse_all(std::vector<Request>& requests, RefusalCode code);
  void refuse_reads(ReadBatch& reads);
  [[nodiscard]] bool lease_holds() const;
  [[nodiscard]] bool lease_holds_on_wall_clock() const;
  void handle(NodeId from, Term term, ReadIndexRequest& m);
  void handle(NodeId from, Term term, ReadIndexReply& m);

  // --- snapshots.cc --------------------------------------------------------------------------------------
  void start_snapshot(NodeId to, Progress& peer);
  void send_part(NodeId to, OutgoingSnapshot& snapshot);
  void read_chunk(OutgoingSnapshot& snapshot, std::uint64_t offset);
  void retry_snapshots();
  void stop_snapshot(NodeId to, LogIndex installed);
  void drop_snapshots();
  [[nodiscard]] std::pair<const NodeId, OutgoingSnapshot>* find_snapshot(SnapshotId id);
  bool settle_without_snapshot(NodeId from, const SnapshotPart& m);
  void install(const IncomingSnapshot& snapshot);
  void handle(NodeId from, Term term, SnapshotPart& m);
  void handle(NodeId from, Term term, SnapshotReply& m);

  // --- membership.cc -------------------------------------------------------------------------------------
  void advance_membership();
  void advance_catch_up();
  void propose_configuration(const Configuration& configuration);
  void leave_if_removed();

  // --- transfer.cc ---------------------------------------------------------------------------------------
  [[nodiscard]] Error not_leading() const;
  [[nodiscard]] NodeId best_successor() const;
  void advance_transfer();
  void handle(NodeId from, Term term, TimeoutNow& m);

  RaftConfig config_;
  PlantSet plants_;
  QuorumRule quorum_;
  InflightLimits limits_;

  // Durable, or on its way to the disk.
  Log log_;
  Term term_;                  ///< only grows
  NodeId vote_;                ///< in term_; set once per term
  Batch batch_;                ///< of the step under way
  Ticket issued_;              ///< the last ticket given out
  Ticket durable_;             ///< reported by the host; only grows
  Ticket hard_state_written_;  ///< the last write of term_ and vote_
  StableMark stable_;

  // Volatile.
  Role role_ = Role::kFollower;
  NodeId leader_;        ///< in term_
  LogIndex commit_;      ///< only grows
  LogIndex handed_out_;  ///< given to the host for execution; only grows, <= commit_
  LogIndex executed_;    ///< reported by the host; only grows, <= handed_out_
  std::deque<std::pair<LogIndex, std::uint64_t>> unexecuted_;  ///< sizes of what was handed out
  std::uint64_t unexecuted_bytes_ = 0;
  LogIndex verified_;  ///< follower: the log is known to be the leader's up to here, in term_
  MonotonicTime election_deadline_;
  std::optional<MonotonicTime> heard_leader_at_;
  std::map<NodeId, bool> votes_;  ///< (pre-)candidate
  Ticket own_vote_;               ///< candidate: counts when this is durable
  std::optional<Leading> lead_;
  std::deque<Proposal> proposals_;  ///< of this node as leader, not yet handed out, in order of index
  std::uint64_t proposed_bytes_ = 0;
  SeenForwards seen_forwards_;
  std::map<NodeId, std::vector<ForwardReplies::Item>> replies_;  ///< to leave at the end of the step

  std::vector<Request> arrived_writes_;  ///< of this step
  std::vector<Request> arrived_reads_;   ///< of this step
  /// Random: what this process names in messages counts from here, so that a late answer to an earlier life
  /// of the node answers nothing of this one.
  std::uint64_t incarnation_;
  std::uint64_t forward_number_ = 0;             ///< last used
  std::uint64_t forward_message_ = 0;            ///< last used
  std::map<std::uint64_t, Forwarded> forwards_;  ///< by number, which is by time
  std::uint64_t asked_number_;                   ///< last used; from incarnation_ on
  std::map<std::uint64_t, AskedReads> asked_;    ///< by number, which is by time
  std::vector<ReadyRead> ready_reads_;

  std::optional<IncomingSnapshot> incoming_;
  std::optional<Installing> installing_;

  bool failed_ = false;
  std::uint64_t malformed_ = 0;
  std::vector<Event> first_events_;

  // Of the step under way.
  Now now_;
  Rng* rng_ = nullptr;
  Output out_;
};

}  // namespace ordeal::raft
