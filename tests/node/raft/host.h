#pragma once
// A node of a test cluster: a core, its store and the duties of a host (node/protocol.h), carried out one at
// a time so that a test can stop between them. Its state machine remembers every command with the index at
// which it was executed; an answer is the number of entries that the state includes.

#include "node/raft/raft.h"
#include "tests/node/raft/fake_store.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::raft::testing {

/// How a request of this node's client ended.
struct Outcome {
  RequestId id;
  std::optional<RefusalCode> refused;
  LogIndex index;  ///< answered: entries in the state that answered it
  NodeId leader;   ///< refused: the hint
};

class Host {
 public:
  Host(RaftConfig config, std::uint64_t seed);

  [[nodiscard]] NodeId id() const { return config.self; }
  [[nodiscard]] bool running() const { return core_ != nullptr; }
  [[nodiscard]] Protocol& core() { return *core_; }
  [[nodiscard]] ProtocolStatus status() const { return core_->status(); }
  [[nodiscard]] bool leads() const { return running() && status().role == "leader"; }

  /// Starts a core from the store. Requires: not running.
  void start(MonotonicTime now);
  /// The process dies; the operating system keeps what was written.
  void kill();
  /// The machine dies: of the batches that are not durable only the oldest `kept` stay.
  void lose_power(std::size_t kept);

  /// One step of the core with these inputs, and the host's duties for what comes of it.
  void step(MonotonicTime now, std::vector<Input> inputs);
  /// The same for a result of the optional powers.
  void take(MonotonicTime now, Output output);
  /// Makes everything written so far durable, or only the core's next `writes_max` writes when that is not 0,
  /// tells the core, then releases what waited. False when there was nothing.
  bool sync(MonotonicTime now, std::uint32_t writes_max = 0);
  /// Gives the core what the host has to report: executions, snapshots. False when there was nothing.
  bool report(MonotonicTime now);

  /// Both of this node's clocks, when its monotonic one says `now`.
  [[nodiscard]] Now times(MonotonicTime now) const { return {now, WallTime(now.ns()) + wall_ahead}; }

  /// A client's command at this node.
  RequestId propose(MonotonicTime now, Bytes command);
  RequestId read(MonotonicTime now);
  [[nodiscard]] RequestId next_request() { return RequestId{++requests_}; }

  /// The commands in the state, by index.
  [[nodiscard]] std::map<LogIndex, Bytes> state() const;
  [[nodiscard]] LogIndex applied() const;
  [[nodiscard]] std::optional<Outcome> outcome(RequestId id) const;

  RaftConfig config;
  std::vector<Send> outbox;              ///< released, to be taken by the network
  std::vector<Outcome> outcomes;         ///< of local requests, in order
  std::vector<Event> events;             ///< since somebody cleared them
  std::vector<CommittedEntry> executed;  ///< since somebody cleared them
  std::vector<LogIndex> repeated;        ///< entries that were executed although the state had them
  std::vector<std::string> duties;       ///< snapshot steps in words, since somebody cleared them
  MonotonicTime next_wake;               ///< on this node's clock
  Duration ahead;                        ///< of this node's clock before the cluster's
  Duration wall_ahead;                   ///< of this node's wall clock before its other one
  FakeStore store;
  Rng rng;

 private:
  struct Waiting {
    Ticket after;
    std::variant<Send, Refusal> what;
  };
  void release();
  void write(Ticket ticket, Batch batch);
  void execute(CommittedEntry entry);
  void answer(const Answer& answer);
  void carry_out(const SnapshotTake& step);
  void carry_out(const SnapshotRead& step);
  void carry_out(const SnapshotDrop& step);
  void carry_out(const SnapshotStage& step);
  void carry_out(const SnapshotInstall& step);
  [[nodiscard]] Bytes serialized_state() const;

  std::unique_ptr<Protocol> core_;
  std::uint64_t requests_ = 0;
  Ticket written_;
  Ticket durable_;
  std::deque<Ticket> pending_;  ///< of the store's pending batches; 0 for effects of executed entries
  std::vector<Waiting> waiting_;
  std::optional<Executed> executed_report_;
  std::vector<Input> reports_;
  std::map<SnapshotId, Bytes> pinned_;
  std::map<SnapshotId, Bytes> staged_;
};

}  // namespace ordeal::raft::testing
