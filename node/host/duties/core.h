#pragma once
// Carries out the duties at the top of node/protocol.h: gives the protocol its inputs, hands its writes to
// the storage, holds back what must wait for a ticket, executes what is committed and answers who asked. It
// has no thread and reads no clock: core_thread.h turns it, and tests do so by hand.

#include "common/ids.h"
#include "common/prng.h"
#include "common/result.h"
#include "common/time.h"
#include "node/host/duties/storage.h"
#include "node/protocol.h"
#include "node/store.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ordeal::host {

/// Names a request at the side that took it from a client; the core only gives it back.
using ClientToken = std::uint64_t;

/// A client's command on its way to the core.
struct Submission {
  ClientToken token = 0;
  Bytes command;
  bool read_only = false;
};
/// An encoded kv::Reply, or why there is none.
struct Refused {
  RefusalCode code = RefusalCode::kNoLeader;
  NodeId leader;
};
struct Delivery {
  ClientToken token = 0;
  std::variant<Bytes, Refused> result;
};
/// A message for a peer.
struct Outgoing {
  NodeId to;
  Bytes payload;
};

/// Where the core's results go. Called on the core's thread, once per turn at most.
class CoreOutlet {
 public:
  CoreOutlet() = default;
  CoreOutlet(const CoreOutlet&) = delete;
  CoreOutlet& operator=(const CoreOutlet&) = delete;
  virtual ~CoreOutlet() = default;

  /// Takes both and leaves them empty.
  virtual void hand_over(std::vector<Delivery>& deliveries, std::vector<Outgoing>& messages) = 0;
  virtual void happened(const Event& event) = 0;
  /// After each step of the protocol, when what it asked for is done: those who watch the protocol see each.
  /// A turn that is asked for something rare has several.
  virtual void stepped() {}
};

class Core;
/// Something rare that is asked of the core: its status, a membership change.
using Control = std::function<void(Core&, Now)>;

/// What arrived for the core since its last turn.
struct Inbox {
  std::vector<StorageProgress> storage;
  std::vector<PeerMessage> messages;
  std::vector<Submission> submissions;
  std::vector<Control> controls;

  [[nodiscard]] bool empty() const {
    return storage.empty() && messages.empty() && submissions.empty() && controls.empty();
  }
  void clear() {
    storage.clear();
    messages.clear();
    submissions.clear();
    controls.clear();
  }
};

struct CoreParts {
  NodeId self;
  Storage* storage = nullptr;
  Protocol* protocol = nullptr;
  const StateMachine* machine = nullptr;
  CoreOutlet* outlet = nullptr;
  /// After so long a request without an answer is forgotten; who waits for it has given up before.
  Duration request_memory = seconds(10);
};

class Core {
 public:
  /// Requires: all parts are set and outlive this.
  Core(const CoreParts& parts, Rng rng);

  /// Takes everything in the inbox and leaves it empty. An error (the state could not be read) ends the node.
  [[nodiscard]] Status turn(Now now, Inbox& inbox);

  /// Another turn is owed at once, with or without inputs.
  [[nodiscard]] bool owes_turn() const { return !inputs_.empty(); }
  [[nodiscard]] MonotonicTime next_wake() const { return next_wake_; }

  // For controls.
  [[nodiscard]] ProtocolStatus status() const { return protocol_.status(); }
  [[nodiscard]] Status transfer_leadership(Now now, NodeId target);
  [[nodiscard]] Status change_members(Now now, std::vector<NodeId> voters, std::vector<NodeId> learners);

 private:
  struct Pending {
    ClientToken token = 0;
    MonotonicTime until;
    bool open = false;
  };

  void take_storage(std::vector<StorageProgress>& progress);
  void take_submissions(Now now, std::vector<Submission>& submissions);
  void forget_old(Now now);
  [[nodiscard]] Status carry_out(Output& output);
  void take_writes(std::vector<Write>& writes);
  void send(std::vector<Send>& sends);
  [[nodiscard]] Status execute(const std::vector<CommittedEntry>& entries, Executed& executed);
  [[nodiscard]] Status answer(const std::vector<Answer>& answers, Executed& executed);
  void refuse(const Refusal& refusal);
  void release_held();
  /// The reply belongs to a client here, or to a request that another node forwarded.
  void reply_to(const Origin& origin, Bytes reply, Executed& executed);
  void deliver(RequestId id, std::variant<Bytes, Refused> result);

  NodeId self_;
  Storage& storage_;
  Protocol& protocol_;
  const StateMachine& machine_;
  CoreOutlet& outlet_;
  Duration request_memory_;
  Rng rng_;

  std::vector<Input> inputs_;  // for the next step
  std::vector<Input> taken_;   // of the step under way; a member so that its memory is used again
  Ticket durable_;             // only grows
  LogIndex applied_;           // of the last entry that was executed
  std::size_t unflushed_ = 0;  // effects that ride along with the next write
  MonotonicTime next_wake_;

  std::deque<Pending> pending_;  // requests first_pending_, first_pending_ + 1, ...
  RequestId first_pending_{1};
  std::vector<Send> held_sends_;
  std::vector<Refusal> held_refusals_;

  std::vector<Delivery> deliveries_;
  std::vector<Outgoing> messages_;
};

}  // namespace ordeal::host
