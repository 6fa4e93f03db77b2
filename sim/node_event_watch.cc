#include "sim/node_event_watch.h"

#include <utility>

namespace ordeal::sim {

NodeEventWatch::NodeEventWatch(const Plan& plan) : seen_(plan.nodes) {
  for (const FaultEvent& event : plan.fault_events) {
    if (event.trigger) awaited_ |= std::uint32_t{1} << static_cast<unsigned>(event.trigger->kind);
  }
}

void NodeEventWatch::stepped(NodeId node, const Protocol& protocol, const raft::Standing& standing) {
  if (awaited_ == 0) return;
  auto& seen = seen_[node.value() - 1];
  const auto before = std::exchange(seen, standing);
  if (!before) return;
  if (standing.term > before->term) occurred(node, protocol, NodeEventKind::kTermChanged);
  const bool voted = standing.term > before->term || standing.vote != before->vote;
  if (voted && standing.vote != kNoNode && standing.vote != node)
    occurred(node, protocol, NodeEventKind::kVoteGranted);
  if (standing.last > before->last) occurred(node, protocol, NodeEventKind::kEntryAppended);
  if (standing.commit > before->commit) occurred(node, protocol, NodeEventKind::kEntryCommitted);
}

void NodeEventWatch::happened(NodeId node, const Protocol& protocol, std::string_view core_event) {
  if (awaited_ == 0) return;
  if (const auto kind = find_core_event(core_event)) occurred(node, protocol, *kind);
}

void NodeEventWatch::occurred(NodeId node, const Protocol& protocol, NodeEventKind kind) {
  if (awaits(kind)) untold_.push_back({node, kind, protocol.status().role});
}

std::optional<NodeEvent> NodeEventWatch::take() {
  if (untold_.empty()) return std::nullopt;
  NodeEvent event = std::move(untold_.front());
  untold_.pop_front();
  return event;
}

}  // namespace ordeal::sim
