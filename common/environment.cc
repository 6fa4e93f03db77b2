#include "common/environment.h"

namespace ordeal {
namespace {

Value names(const std::vector<NodeId>& nodes) {
  Value::List list;
  for (const NodeId node : nodes) list.emplace_back(node_name(node));
  return list;
}

struct Describe {
  Value::Map operator()(const PartitionFault& fault) const {
    Value::List cuts;
    for (const Cut& cut : fault.cuts) cuts.emplace_back(Value::List{node_name(cut.from), node_name(cut.to)});
    return {{"cuts", cuts}};
  }
  Value::Map operator()(const KillFault& fault) const { return {{"nodes", names(fault.nodes)}}; }
  Value::Map operator()(const PauseFault& fault) const { return {{"nodes", names(fault.nodes)}}; }
};

struct Name {
  std::string_view operator()(const PartitionFault&) const { return "partition"; }
  std::string_view operator()(const KillFault&) const { return "kill"; }
  std::string_view operator()(const PauseFault&) const { return "pause"; }
};

}  // namespace

std::string_view fault_kind(const FaultSpec& spec) {
  return std::visit(Name{}, spec);
}

Value to_value(const FaultSpec& spec) {
  Value::Map map = std::visit(Describe{}, spec);
  map.emplace("kind", fault_kind(spec));
  return map;
}

}  // namespace ordeal
