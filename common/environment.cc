#include "common/environment.h"

namespace ordeal {
namespace {

Value names(const std::vector<NodeId>& nodes) {
  Value::List list;
  for (const NodeId node : nodes) list.emplace_back(node_name(node));
  return list;
}

Value pairs(const std::vector<Cut>& links) {
  Value::List list;
  for (const Cut& link : links) list.emplace_back(Value::List{node_name(link.from), node_name(link.to)});
  return list;
}

/// Figures that are zero say nothing.
void add(Value::Map& map, const char* name, std::int64_t figure) {
  if (figure != 0) map.emplace(name, figure);
}

struct Describe {
  Value::Map operator()(const PartitionFault& fault) const { return {{"cuts", pairs(fault.cuts)}}; }
  Value::Map operator()(const KillFault& fault) const { return {{"nodes", names(fault.nodes)}}; }
  Value::Map operator()(const PauseFault& fault) const { return {{"nodes", names(fault.nodes)}}; }
  Value::Map operator()(const PowerFault& fault) const { return {{"nodes", names(fault.nodes)}}; }
  Value::Map operator()(const ClockFault& fault) const {
    Value::Map map{{"nodes", names(fault.nodes)}};
    add(map, "wall-jump-ns", fault.wall_jump.ns());
    add(map, "rate-ppm", fault.rate_ppm);
    return map;
  }
  Value::Map operator()(const PacketFault& fault) const {
    Value::Map map{{"links", pairs(fault.links)}};
    add(map, "delay-ns", fault.delay.ns());
    add(map, "jitter-ns", fault.jitter.ns());
    add(map, "loss-percent", fault.loss);
    add(map, "duplicates-percent", fault.duplicates);
    if (fault.overtaking) map.emplace("overtaking", true);
    add(map, "bytes-per-second", static_cast<std::int64_t>(fault.bytes_per_second));
    if (fault.clogged) map.emplace("clogged", true);
    return map;
  }
  Value::Map operator()(const DiskFault& fault) const {
    Value::Map map{{"nodes", names(fault.nodes)}};
    add(map, "delay-ns", fault.delay.ns());
    if (fault.full) map.emplace("full", true);
    if (fault.failing_sync) map.emplace("failing-sync", true);
    if (fault.lies) map.emplace("lies", true);
    if (fault.unreadable) map.emplace("unreadable", true);
    return map;
  }
  Value::Map operator()(const TransferFault& fault) const { return {{"node", node_name(fault.target)}}; }
  Value::Map operator()(const MembersFault& fault) const {
    const bool demotes = !fault.learners.empty();
    return {{"shape", demotes ? "demote" : "remove"},
            {"nodes", names(demotes ? fault.learners : fault.removed)},
            {"voters", names(fault.voters)},
            {"learners", names(fault.learners)}};
  }
};

struct Name {
  std::string_view operator()(const PartitionFault&) const { return "partition"; }
  std::string_view operator()(const KillFault&) const { return "kill"; }
  std::string_view operator()(const PauseFault&) const { return "pause"; }
  std::string_view operator()(const PowerFault&) const { return "power"; }
  std::string_view operator()(const ClockFault&) const { return "clock"; }
  std::string_view operator()(const PacketFault&) const { return "packets"; }
  std::string_view operator()(const DiskFault&) const { return "disk"; }
  std::string_view operator()(const TransferFault&) const { return "transfer"; }
  std::string_view operator()(const MembersFault&) const { return "members"; }
};

struct Down {
  std::vector<NodeId> operator()(const KillFault& fault) const { return fault.nodes; }
  std::vector<NodeId> operator()(const PowerFault& fault) const { return fault.nodes; }
  std::vector<NodeId> operator()(const PauseFault& fault) const { return fault.nodes; }
  template <class Other>
  std::vector<NodeId> operator()(const Other&) const {
    return {};
  }
};

}  // namespace

std::string_view fault_kind(const FaultSpec& spec) {
  return std::visit(Name{}, spec);
}

std::vector<NodeId> nodes_down(const FaultSpec& spec) {
  return std::visit(Down{}, spec);
}

Value to_value(const FaultSpec& spec) {
  Value::Map map = std::visit(Describe{}, spec);
  map.emplace("kind", fault_kind(spec));
  return map;
}

}  // namespace ordeal
