#pragma once
// The simulated world: nodes, the network between them, the clients' way to them, the faults, and the order
// of everything in virtual time. One thread; the same plan and seed give the same events, bit for bit. It
// implements the environment port (common/environment.h) and drives the run loop as controller/env does.

#include "common/environment.h"
#include "common/prng.h"
#include "common/time.h"
#include "controller/run/plan.h"
#include "controller/run/run_loop.h"
#include "node/raft/invariants.h"
#include "sim/event_queue.h"
#include "sim/marks.h"
#include "sim/network.h"
#include "sim/node.h"
#include "sim/node_event_watch.h"
#include "sim/settings.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ordeal::sim {

/// What the wall clocks say at the world's zero.
inline constexpr WallTime kWallZero(std::int64_t{1'700'000'000} * 1'000'000'000);

/// Who wants to look on. Everything is called in the order of the events.
class Spectator {
 public:
  Spectator() = default;
  Spectator(const Spectator&) = delete;
  Spectator& operator=(const Spectator&) = delete;
  virtual ~Spectator() = default;

  virtual void sent(MonotonicTime /*at*/, Cut /*link*/, std::uint64_t /*message*/, const Bytes& /*payload*/) {
  }
  virtual void arrived(MonotonicTime /*at*/, Cut /*link*/, std::uint64_t /*message*/) {}
  /// The message, or one of its two copies, will not arrive.
  virtual void lost(MonotonicTime /*at*/, Cut /*link*/, std::uint64_t /*message*/, std::string_view /*why*/) {
  }
  virtual void started(MonotonicTime /*at*/, NodeId /*node*/) {}
  /// By a fault or by itself. Told again of a node that is down already.
  virtual void stopped(MonotonicTime /*at*/, NodeId /*node*/) {}
  virtual void stepped(MonotonicTime /*at*/, NodeId /*node*/, const raft::Standing& /*standing*/) {}
  virtual void happened(MonotonicTime /*at*/, NodeId /*node*/, const Event& /*event*/) {}
  virtual void operation(MonotonicTime /*at*/, const Op& /*op*/) {}
  virtual void observed(MonotonicTime /*at*/, const NodeObservation& /*seen*/) {}
};

struct WorldOptions {
  bool invariants = true;
  bool sound_messages = true;
  Spectator* spectator = nullptr;
  /// Called with a node's disk before the node starts: what no fault of a plan does, a test may do to it.
  std::function<void(NodeId, DiskStorage&)> before_start;
};

/// What went wrong, as soon as it did.
struct Broken {
  std::optional<NodeId> refused_by;  ///< a node that will not go on with its own data; none: an invariant
  raft::Violation violation;         ///< the invariant, or "node-refused" and the node's reason
  MonotonicTime at;
  std::uint64_t event = 0;  ///< its number
};

class World : private NodeOutlet {
 public:
  /// Requires: check_plan(plan) and Settings::read(plan) were ok. Both outlive this.
  World(const Plan& plan, const Settings& settings, std::uint64_t seed, const WorldOptions& options);
  ~World() override;

  /// Until the run loop has finished, an invariant breaks, a node refuses its own data, or `length_max` of
  /// virtual time has passed.
  void run(RunLoop& loop, Duration length_max);
  /// After a run: once all nodes vote, nodes die, stand still and are cut off again, and in the midst of that
  /// a majority is healed and nobody else. Each of it is asked for a write and a read. The reason when one
  /// does not finish in time; none when all do. Requires: nothing is broken.
  [[nodiscard]] std::optional<std::string> check_liveness();

  [[nodiscard]] const std::optional<Broken>& broken() const { return broken_; }
  /// A fault that no protocol here promises to survive came about by the plan: what; none: it did not.
  [[nodiscard]] const std::optional<std::string>& beyond_promise() const { return beyond_promise_; }
  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] MonotonicTime now() const { return now_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  /// A fold over every event.
  [[nodiscard]] std::uint64_t trace_hash() const { return hash_; }
  [[nodiscard]] const Marks& marks() const { return marks_; }

 private:
  struct PeerArrival {
    Cut link;
    std::uint64_t life = 0;  ///< of the receiver when it was sent: a restart drops the connection
    std::uint64_t message = 0;
    Bytes payload;
  };
  struct DiskRound {
    NodeId node;
    std::uint64_t life = 0;
  };
  struct NodeWake {
    NodeId node;
  };
  struct CallArrival {
    Call call;
  };
  struct CallAnswer {
    CallReply reply;
  };
  struct CallLoss {
    CallClosed closed;
  };
  struct LoopWake {};
  struct EnvironmentAnswer {
    EnvironmentResult result;
  };
  struct Observe {
    NodeId node;
  };
  /// For a fault in force that is done by the cluster.
  struct AskCluster {
    FaultId fault;
  };
  struct AskForMembers {};
  using Happening = std::variant<PeerArrival, DiskRound, NodeWake, CallArrival, CallAnswer, CallLoss,
                                 LoopWake, EnvironmentAnswer, Observe, AskCluster, AskForMembers>;

  struct Place {
    std::unique_ptr<Node> node;
    MonotonicTime wake;       ///< when it wants to be woken
    MonotonicTime scheduled;  ///< when the next NodeWake comes; far when none is
    Term term;                ///< as last seen
    bool leader = false;
    bool joint = false;  ///< its members are being changed
    bool observe_pending = false;
    LogIndex compared;  ///< the applied index at which its state was compared last
  };
  /// A fault that no leader has agreed to yet.
  struct Waiting {
    EnvironmentResult result;
    MonotonicTime deadline;
  };
  /// A message that waits for its link to come back.
  struct Kept {
    Cut link;
    std::uint64_t life = 0;
    std::uint64_t message = 0;
    Bytes payload;
  };

  // --- Events
  void happen_next();
  void on(PeerArrival& event);
  void on(const DiskRound& event);
  void on(const NodeWake& event);
  void on(CallArrival& event);
  void on(CallAnswer& event);
  void on(CallLoss& event);
  void on(const LoopWake& event);
  void on(EnvironmentAnswer& event);
  void on(const Observe& event);
  void on(const AskCluster& event);
  void on(const AskForMembers& event);
  void fold(std::uint64_t word) { hash_ = (hash_ ^ word) * 0x9E3779B97F4A7C15ULL + (hash_ >> 29); }
  void fold(std::string_view bytes);

  // --- The run loop
  void step_loop(const RunInput& input);
  void place_call(Call call);
  /// When what a client and a node say to each other arrives; none: never.
  [[nodiscard]] std::optional<MonotonicTime> client_arrival();
  void observe_soon(NodeId node);
  void observe(NodeId node);
  void tell_node_events();
  void tell_lost(Cut link, std::uint64_t message, std::string_view why);

  // --- What nodes do
  void send(NodeId from, NodeId to, Bytes payload) override;
  void answer(NodeId node, std::uint64_t token, int status, std::string body) override;
  void disk_busy(NodeId node, Duration length) override;
  void wake_at(NodeId node, MonotonicTime at) override;
  void stepped(NodeId node, const Protocol& protocol) override;
  void happened(NodeId node, const Event& event) override;
  void ended(NodeId node, std::string reason) override;
  void refused(NodeId node, std::string reason) override;
  void gone(NodeId node);
  void break_with(raft::Violation violation);
  void compare_state(NodeId node);
  void lose_calls(NodeId node);
  void start_node(NodeId node);
  void stop_node(NodeId node, bool power);

  // --- Faults (faults.cc)
  void environment(EnvironmentRequest request);
  void put_in_force(const FaultSpec& spec);
  void take_away(const FaultSpec& spec);
  [[nodiscard]] bool in_force(const FaultSpec& spec) const;
  void heal_everything();
  void uncut(Cut link);
  void unclog(Cut link);
  /// What waited for the link goes on its way.
  void release(Cut link);
  void damage_disk(NodeId node);
  [[nodiscard]] bool is_unreadable(NodeId node) const;
  void refresh_links(const std::vector<Cut>& links);
  void refresh_clock(NodeId node);
  void refresh_disk(NodeId node);
  /// What the faults in force make of it.
  [[nodiscard]] std::int64_t clock_rate(NodeId node) const;
  [[nodiscard]] DiskHealth disk_health(NodeId node) const;
  [[nodiscard]] bool held_down(NodeId node) const;
  void answer(EnvironmentResult result);
  /// Answers for a fault that waits for a leader to agree; when it does not wait, nothing.
  void settle(FaultId fault, EnvironmentOutcome outcome, std::string reason);
  /// Whether a leader agreed.
  bool ask_for_transfer(NodeId target);
  [[nodiscard]] bool leads(NodeId node) const;
  bool ask_for_members();
  [[nodiscard]] bool wants_members() const;

  // --- Liveness (faults.cc)
  void pass(Duration length);
  [[nodiscard]] bool everybody_votes();
  /// Gives the links that it has cut and left cut.
  [[nodiscard]] std::vector<Cut> storm();
  void rescue(const std::vector<NodeId>& core, const std::vector<Cut>& cuts);
  void abandon(const std::vector<NodeId>& nodes);
  void await_leader(const std::vector<NodeId>& core);
  void await_backlog(const std::vector<NodeId>& core);

  [[nodiscard]] Place& place(NodeId node) { return places_[node.value() - 1]; }
  [[nodiscard]] const Place& place(NodeId node) const { return places_[node.value() - 1]; }
  [[nodiscard]] Node& node(NodeId id) { return *place(id).node; }
  [[nodiscard]] Duration between(Duration low, Duration high) {
    return Duration(rng_.between(low.ns(), high.ns()));
  }

  const Plan& plan_;
  const Settings& settings_;
  const WorldOptions options_;
  Rng rng_;  ///< of the world itself: calls, restarts, observations
  std::unique_ptr<StateMachine> machine_;
  Network network_;
  EventQueue<Happening> queue_;
  std::vector<Place> places_;
  std::deque<Kept> kept_;
  std::map<FaultId, FaultSpec> faults_;
  std::map<FaultId, Waiting> waiting_;
  raft::ClusterInvariants invariants_;
  std::vector<std::optional<std::uint64_t>> states_;  ///< by applied index: digest of the first state seen

  RunLoop* loop_ = nullptr;
  MonotonicTime loop_wake_;
  bool finished_ = false;
  History history_;
  std::map<std::uint64_t, NodeId> calls_;               ///< that a node has taken and not answered
  std::map<std::uint64_t, std::optional<int>> checks_;  ///< of the liveness phase: call -> status
  MonotonicTime now_;
  std::uint64_t events_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t hash_ = 0;
  std::optional<Broken> broken_;
  std::optional<std::string> beyond_promise_;
  bool clients_lose_ = true;  ///< requests and answers; until all is healed
  Marks marks_;
  NodeEventWatch watch_;
};

}  // namespace ordeal::sim
