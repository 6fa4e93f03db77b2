#include "controller/report/faults.h"

#include "controller/report/encode.h"
#include "controller/report/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>

namespace ordeal::report {
namespace {

constexpr std::string_view kStart = "start-";
constexpr std::string_view kStop = "stop-";

std::string id_of(const Value& value) {
  const Value* id = value.find("fault");
  if (id == nullptr) return {};
  return id->as_string() != nullptr ? *id->as_string() : to_text(*id);
}

NodeId node_of(const Value& value) {
  return value.as_string() == nullptr ? kNoNode : parse_node_name(*value.as_string());
}

std::optional<TimeBounds> bounds_of(const Op& op) {
  const Value* earliest = op.value.find("earliest");
  const Value* latest = op.value.find("latest");
  if (earliest == nullptr || latest == nullptr || earliest->as_int() == nullptr ||
      latest->as_int() == nullptr) {
    return TimeBounds{op.time, op.time};
  }
  return TimeBounds{nanoseconds(*earliest->as_int()), nanoseconds(*latest->as_int())};
}

Value measured_of(const Op& op) {
  const Value* measured = op.value.find("measured");
  return measured == nullptr ? Value() : *measured;
}

void read_targets(const Value& value, FaultRecord& fault) {
  std::set<NodeId> struck;
  if (const Value* cuts = value.find("cuts"); cuts != nullptr && cuts->as_list() != nullptr) {
    fault.cuts.clear();
    for (const Value& cut : *cuts->as_list()) {
      const Value::List* pair = cut.as_list();
      if (pair == nullptr || pair->size() != 2) continue;
      fault.cuts.push_back({node_of((*pair)[0]), node_of((*pair)[1])});
      struck.insert({fault.cuts.back().from, fault.cuts.back().to});
    }
  }
  if (const Value* nodes = value.find("nodes"); nodes != nullptr && nodes->as_list() != nullptr) {
    for (const Value& node : *nodes->as_list()) struck.insert(node_of(node));
  }
  if (const Value* shape = value.find("shape"); shape != nullptr && shape->as_string() != nullptr)
    fault.shape = *shape->as_string();
  if (const Value* node = value.find("node"); node != nullptr) struck.insert(node_of(*node));
  struck.erase(kNoNode);
  if (!struck.empty()) fault.nodes.assign(struck.begin(), struck.end());
}

/// The latest fault of this id and kind, or of this kind when the line names no id.
FaultRecord* find_fault(std::vector<FaultRecord>& faults, const std::string& id, std::string_view kind) {
  for (auto it = faults.rbegin(); it != faults.rend(); ++it) {
    if (it->kind == kind && (id.empty() || it->id == id)) return &*it;
  }
  return nullptr;
}

void follow_start(const Op& op, std::vector<FaultRecord>& faults) {
  const std::string kind = op.f.substr(kStart.size());
  if (op.type == OpType::kInvoke) {
    FaultRecord fault;
    fault.id = id_of(op.value).empty() ? fmt::format("{}", faults.size() + 1) : id_of(op.value);
    fault.kind = kind;
    fault.asked = op.time;
    faults.push_back(std::move(fault));
    read_targets(op.value, faults.back());
    return;
  }
  FaultRecord* fault = find_fault(faults, id_of(op.value), kind);
  if (fault == nullptr) return;
  read_targets(op.value, *fault);
  fault->measured = measured_of(op);
  if (op.type == OpType::kOk) {
    fault->began = bounds_of(op);
  } else {
    fault->apply_error = op.error;
    fault->declined = op.value.find("declined") != nullptr;
  }
}

void follow_stop(const Op& op, std::vector<FaultRecord>& faults) {
  FaultRecord* fault = find_fault(faults, id_of(op.value), op.f.substr(kStop.size()));
  if (fault == nullptr) return;
  if (op.type == OpType::kInvoke) {
    fault->stop_asked = op.time;
    return;
  }
  fault->measured_after = measured_of(op);
  if (op.type == OpType::kOk) {
    fault->ended = bounds_of(op);
  } else {
    fault->heal_error = op.error;
  }
}

void follow_heal(const Op& op, std::vector<FaultRecord>& faults) {
  for (FaultRecord& fault : faults) {
    if (fault.ended) continue;
    if (op.type == OpType::kInvoke && !fault.stop_asked) fault.stop_asked = op.time;
    if (op.type == OpType::kOk) fault.ended = bounds_of(op);
  }
}

/// The group of each node, where two nodes are in one group when both directions between them are open.
std::vector<std::size_t> groups_of(const std::set<Cut>& cuts, std::uint32_t nodes) {
  std::vector<std::size_t> group(nodes);
  std::iota(group.begin(), group.end(), std::size_t{0});
  for (std::uint32_t a = 0; a < nodes; ++a) {
    for (std::uint32_t b = 0; b < nodes; ++b) {
      const NodeId from(a + 1);
      const NodeId to(b + 1);
      if (a == b || cuts.contains({from, to}) || cuts.contains({to, from})) continue;
      const std::size_t old = group[b];
      for (std::size_t& g : group) {
        if (g == old) g = group[a];
      }
    }
  }
  return group;
}

bool parts_into(const std::set<Cut>& cuts, const std::vector<std::size_t>& group) {
  std::size_t across = 0;
  for (std::size_t a = 0; a < group.size(); ++a) {
    for (std::size_t b = 0; b < group.size(); ++b) across += group[a] != group[b] ? 1 : 0;
  }
  return across > 0 && across == cuts.size();
}

std::string list_groups(const std::vector<std::size_t>& group) {
  std::string text;
  std::set<std::size_t> listed;
  for (const std::size_t g : group) {
    if (!listed.insert(g).second) continue;
    if (!text.empty()) text += " | ";
    std::string members;
    for (std::size_t n = 0; n < group.size(); ++n) {
      if (group[n] != g) continue;
      if (!members.empty()) members += ' ';
      members += node_name(NodeId(static_cast<std::uint32_t>(n + 1)));
    }
    text += members;
  }
  return text;
}

}  // namespace

Duration FaultRecord::to(Duration history_end) const {
  if (ended) return ended->latest;
  // Asked for and never seen: nothing says that it outlived the order to stop. Seen and not seen gone: it may
  // last.
  if (!began && stop_asked) return *stop_asked;
  return history_end;
}

std::vector<FaultRecord> faults_of(const History& history) {
  std::vector<FaultRecord> faults;
  for (const Op& op : history) {
    if (op.process != kNemesisProcess) continue;
    if (op.f.starts_with(kStart)) follow_start(op, faults);
    if (op.f.starts_with(kStop)) follow_stop(op, faults);
    if (op.f == "heal") follow_heal(op, faults);
  }
  return faults;
}

FaultCounts count_faults(const std::vector<FaultRecord>& faults) {
  FaultCounts counts;
  for (const FaultRecord& fault : faults) {
    ++counts.asked;
    counts.verified += fault.began ? 1 : 0;
    counts.healed += fault.began && fault.ended ? 1 : 0;
    counts.declined += fault.declined ? 1 : 0;
  }
  return counts;
}

std::string describe_targets(const FaultRecord& fault, std::uint32_t nodes) {
  if (fault.cuts.empty()) {
    std::string text = fault.kind == "members" ? fault.shape : "";
    for (const NodeId node : fault.nodes) text += (text.empty() ? "" : " ") + node_name(node);
    return text;
  }
  const std::set<Cut> cuts(fault.cuts.begin(), fault.cuts.end());
  const std::vector<std::size_t> group = groups_of(cuts, nodes);
  if (parts_into(cuts, group)) return list_groups(group);
  constexpr std::size_t kListedMax = 4;
  if (cuts.size() > kListedMax)
    return fmt::format("{} of {} directions cut", cuts.size(), nodes * (nodes - 1));
  std::string text;
  for (const Cut& cut : cuts) {
    text += fmt::format("{}{}→{}", text.empty() ? "" : ", ", node_name(cut.from), node_name(cut.to));
  }
  return text + " cut";
}

std::optional<MeasuredCuts> measured_cuts(const Value& measured) {
  const Value* pairs = measured.find("pairs");
  const Value* cuts = measured.find("cut");
  if (pairs == nullptr || pairs->as_int() == nullptr || cuts == nullptr || cuts->as_list() == nullptr)
    return std::nullopt;
  MeasuredCuts result;
  result.pairs = *pairs->as_int();
  for (const Value& item : *cuts->as_list()) {
    const Value::List* pair = item.as_list();
    if (pair == nullptr || pair->size() != 2) return std::nullopt;
    result.cuts.insert({node_of((*pair)[0]), node_of((*pair)[1])});
  }
  return result;
}

std::string describe_measured(const Value& measured) {
  const Value::Map* nodes = measured.as_map();
  if (nodes == nullptr) return measured.is_nil() ? "" : value_words(measured);
  std::string text;
  for (const auto& [name, state] : *nodes) {
    const Value* alive = state.find("alive");
    const Value* stopped = state.find("stopped");
    if (alive == nullptr || alive->as_bool() == nullptr) return value_words(measured);
    const bool paused = stopped != nullptr && stopped->as_bool() != nullptr && *stopped->as_bool();
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", printable(name),
                        !*alive->as_bool() ? "not running"
                        : paused           ? "stopped"
                                           : "running");
  }
  return text;
}

}  // namespace ordeal::report
