#pragma once
// One node of a simulated cluster: the real duties of a host (node/host/duties) around a protocol core, on a
// disk and a clock of the world. It lives, is killed, loses power, is paused; its storage outlives it.

#include "nemesis/faults/members.h"
#include "node/host/duties/core.h"
#include "node/host/duties/http_message.h"
#include "node/protocol.h"
#include "sim/node_clock.h"
#include "sim/settings.h"
#include "sim/storage.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::sim {

/// What a node does to the world.
class NodeOutlet {
 public:
  NodeOutlet() = default;
  NodeOutlet(const NodeOutlet&) = delete;
  NodeOutlet& operator=(const NodeOutlet&) = delete;
  virtual ~NodeOutlet() = default;

  virtual void send(NodeId from, NodeId to, Bytes payload) = 0;
  virtual void answer(NodeId node, std::uint64_t token, int status, std::string body) = 0;
  virtual void disk_busy(NodeId node, Duration length) = 0;
  virtual void wake_at(NodeId node, MonotonicTime at) = 0;
  /// After every step of the core.
  virtual void stepped(NodeId node, const Protocol& protocol) = 0;
  virtual void happened(NodeId node, const Event& event) = 0;
  /// The process ends by itself.
  virtual void ended(NodeId node, std::string reason) = 0;
  /// It ends because it will not go on with the data that it has: damaged or contradictory. No fault does
  /// that to a disk that keeps its promises.
  virtual void refused(NodeId node, std::string reason) = 0;
};

class Node : private host::CoreOutlet, private host::StorageSink {
 public:
  Node(NodeId id, const Settings& settings, const StateMachine& machine, NodeClock clock, Rng rng,
       NodeOutlet& outlet);
  ~Node() override;

  [[nodiscard]] bool running() const { return core_.has_value(); }
  [[nodiscard]] bool paused() const { return paused_; }
  /// Counts the starts.
  [[nodiscard]] std::uint64_t life() const { return storage_.incarnation(); }
  [[nodiscard]] const Protocol& protocol() const { return *protocol_; }
  [[nodiscard]] NodeClock& clock() { return clock_; }
  [[nodiscard]] const DiskHealth& disk_health() const { return storage_.health(); }
  [[nodiscard]] DiskStorage& storage() { return storage_; }

  /// Requires: not running.
  void start(MonotonicTime now);
  /// The process is gone; with `power` the machine too. Gives how many writes went with it.
  std::size_t stop(bool power);
  void pause() { paused_ = true; }
  void resume(MonotonicTime now);

  // Each runs the core until it owes no turn. While paused, what comes is kept.
  void deliver(MonotonicTime now, NodeId from, Bytes payload);
  void request(MonotonicTime now, std::uint64_t token, std::string method, std::string target,
               std::string body);
  void disk_done(MonotonicTime now);
  void wake(MonotonicTime now);
  /// A leader is asked to hand over to `target`, or to anybody. The members are to be these.
  /// Whether the node agreed. One that is paused does when it goes on, and nobody hears of it.
  bool transfer(MonotonicTime now, NodeId target);
  bool change_members(MonotonicTime now, const Membership& members);

 private:
  void hand_over(std::vector<host::Delivery>& deliveries, std::vector<host::Outgoing>& messages) override;
  void happened(const Event& event) override;
  void stepped() override { outlet_.stepped(id_, *protocol_); }
  void advanced(host::StorageProgress progress) override;
  void failed(Error error) override;
  void wrote(Duration /*sync*/, std::uint64_t /*bytes*/) override {}

  struct HeldRequest {
    std::uint64_t token = 0;
    std::string method;
    std::string target;
    std::string body;
  };

  void run(MonotonicTime now);
  void answer(std::uint64_t token, const host::HttpAnswer& answer);
  void control(MonotonicTime now, host::Control control);
  void refuse_data(std::string reason);

  NodeId id_;
  const Settings& settings_;
  const StateMachine& machine_;
  NodeClock clock_;
  Rng rng_;
  NodeOutlet& outlet_;
  DiskStorage storage_;
  bool paused_ = false;
  bool disk_done_while_paused_ = false;

  // Of one life.
  std::unique_ptr<Protocol> protocol_;
  std::optional<host::Core> core_;
  host::Inbox inbox_;
  std::vector<HeldRequest> held_;  ///< that came while it was paused
  std::optional<std::string> failure_;
  bool refused_data_ = false;  ///< the failure is of its own data, not of the disk
};

}  // namespace ordeal::sim
