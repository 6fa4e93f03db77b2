#pragma once
// A cluster in one process, under the test's control: every message, sync and tick happens when the test says
// so. Clocks run alike, but one may be ahead. Invariants are checked after every step.

#include "node/raft/invariants.h"
#include "node/raft/message.h"
#include "tests/node/raft/host.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ordeal::raft::testing {

struct InFlight {
  NodeId from;
  NodeId to;
  Bytes payload;
};

struct ClusterOptions {
  std::uint32_t nodes = 3;
  std::uint32_t spares = 0;  ///< further nodes that start empty and belong to nobody
  std::uint64_t seed = 1;
  std::vector<std::string> plants = {};
  std::function<void(RaftConfig&)> tweak = {};
};

class Cluster {
 public:
  explicit Cluster(ClusterOptions options = {});

  [[nodiscard]] Host& host(std::uint32_t number) { return hosts_.at(NodeId{number}); }
  [[nodiscard]] std::map<NodeId, Host>& hosts() { return hosts_; }
  [[nodiscard]] MonotonicTime now() const { return now_; }
  /// What the node's own clock says.
  [[nodiscard]] MonotonicTime clock(const Host& host) const { return now_ + host.ahead; }

  // --- The network ---------------------------------------------------------------------------------------

  std::vector<InFlight> wire;
  /// Messages over a cut link are lost when they are sent.
  void cut(std::uint32_t from, std::uint32_t to) { cuts_.emplace(NodeId{from}, NodeId{to}); }
  /// Cuts all links between these nodes and the others, both ways.
  void isolate(const std::vector<std::uint32_t>& nodes);
  void heal() { cuts_.clear(); }
  /// Delivers the message at this place of the wire.
  void deliver(std::size_t place);
  /// Delivers, in order, the messages that are on the wire now and that `which` chooses. How many.
  std::size_t deliver_if(const std::function<bool(const InFlight&)>& which);
  std::size_t drop_if(const std::function<bool(const InFlight&)>& which);

  /// Nodes whose disk does nothing by itself: settle() does not sync them.
  std::set<NodeId> slow_disks;

  // --- Nodes ---------------------------------------------------------------------------------------------

  void kill(std::uint32_t number);
  void lose_power(std::uint32_t number, std::size_t kept = 0);
  void restart(std::uint32_t number);
  /// Moves what the node's outbox holds to the wire and checks the invariants. To be called after touching a
  /// host.
  void collect(Host& host);
  void step(std::uint32_t number, std::vector<Input> inputs = {});
  bool sync(std::uint32_t number, std::uint32_t writes_max = 0);
  bool report(std::uint32_t number);

  // --- Everything at once --------------------------------------------------------------------------------

  /// Delivers, syncs and reports until nothing is left to do. Time stands still.
  void settle();
  /// Lets time pass in small steps, settling in each; every node ticks when it asked to.
  void elapse(Duration duration);
  /// The clock jumps; nobody ticks.
  void skip(Duration duration) { now_ = now_ + duration; }
  /// The node times out and campaigns, with nobody else's timer moved: returns after its election, settled.
  /// Requires: it can win.
  void elect(std::uint32_t number);
  /// The node's timer fires: its requests for votes are on the wire.
  void campaign(std::uint32_t number);
  [[nodiscard]] Host* leader();

  RequestId propose(std::uint32_t number, Bytes command);
  RequestId read(std::uint32_t number);
  Status transfer(std::uint32_t number, std::uint32_t target);
  Status change(std::uint32_t number, const std::vector<std::uint32_t>& voters,
                const std::vector<std::uint32_t>& learners = {});

  /// Called for every message that a node sends; `lost`: over a cut link.
  std::function<void(const InFlight& message, bool lost)> on_send;
  /// Called after every step of a node, before what it said is looked at by anybody else.
  std::function<void(Host& host)> on_step;

  /// The first invariant that broke.
  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }
  /// "leader-completeness: n2 leads ...", or nothing.
  [[nodiscard]] std::string violation_text() const;

 private:
  std::map<NodeId, Host> hosts_;
  MonotonicTime now_{1'000'000'000};
  std::set<std::pair<NodeId, NodeId>> cuts_;
  ClusterInvariants invariants_;
  std::optional<Violation> violation_;
};

}  // namespace ordeal::raft::testing
