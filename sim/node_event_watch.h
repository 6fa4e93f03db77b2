#pragma once
// Sees what happens to nodes and a plan's faults wait for. The world asks after every event and tells the run
// loop before anything else happens: a fault strikes at that very moment.

#include "common/node_event.h"
#include "controller/run/plan.h"
#include "node/protocol.h"
#include "node/raft/inspection.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

namespace ordeal::sim {

class NodeEventWatch {
 public:
  explicit NodeEventWatch(const Plan& plan);

  /// A new life of the node: what it comes back with has not happened just now.
  void restarted(NodeId node) { seen_[node.value() - 1].reset(); }
  /// After a step of the node's core.
  void stepped(NodeId node, const Protocol& protocol, const raft::Standing& standing);
  /// The core told of a notable event.
  void happened(NodeId node, const Protocol& protocol, std::string_view core_event);
  void occurred(NodeId node, const Protocol& protocol, NodeEventKind kind);

  /// The oldest that was not taken yet.
  [[nodiscard]] std::optional<NodeEvent> take();

 private:
  [[nodiscard]] bool awaits(NodeEventKind kind) const {
    return (awaited_ >> static_cast<unsigned>(kind) & 1U) != 0;
  }

  std::uint32_t awaited_ = 0;  ///< a bit for each kind
  std::vector<std::optional<raft::Standing>> seen_;
  std::deque<NodeEvent> untold_;
};

}  // namespace ordeal::sim
