#include "sim/smaller_plan.h"

#include "nemesis/faults/catalog.h"
#include "nemesis/faults/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace ordeal::sim {
namespace {

constexpr Duration kFaultLengthMin = milliseconds(100);  ///< of check_plan
constexpr Duration kTimeLimitMin = seconds(1);

/// When the fault ends at the latest, if it is not held up.
Duration end_of(const FaultEvent& event) {
  return event.at + (event.trigger ? event.trigger->after : Duration()) + event.length;
}

std::set<std::uint32_t> clients_of(const Plan& plan) {
  std::set<std::uint32_t> clients;
  for (const ScriptedOp& op : plan.workload.operations) clients.insert(op.client);
  return clients;
}

Plan renumbered(Plan plan, const std::map<std::uint32_t, std::uint32_t>& numbers) {
  plan.load.concurrency = 1;
  for (ScriptedOp& op : plan.workload.operations) {
    op.client = numbers.at(op.client);
    plan.load.concurrency = std::max(plan.load.concurrency, op.client + 1);
  }
  return plan;
}

/// "n1,n4" of three nodes is "n1". Empty: none is left.
std::string names_left(std::string_view names, std::uint32_t nodes) {
  std::vector<std::string> left;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const NodeId node = parse_node_name(names.substr(begin, end - begin));
    if (node != kNoNode && node.value() <= nodes) left.push_back(node_name(node));
    begin = end + 1;
  }
  return fmt::format("{}", fmt::join(left, ","));
}

bool names_list(std::string_view text) {
  return parse_node_name(text.substr(0, text.find(','))) != kNoNode;
}

/// False: it cannot be with so few.
bool fit_to_nodes(FaultEvent& event, std::uint32_t nodes) {
  for (std::string* names : {&event.request.target, event.trigger ? &event.trigger->node : nullptr}) {
    if (names == nullptr || !names_list(*names)) continue;
    *names = names_left(*names, nodes);
    if (names->empty()) return false;
  }
  return check_fault(at_node(event.request, NodeId(1)), nodes).ok();
}

}  // namespace

Plan ended_at(Plan plan, Duration limit) {
  plan.time_limit = std::max(limit, kTimeLimitMin);
  for (FaultEvent& event : plan.fault_events) {
    if (end_of(event) > plan.time_limit) event.length = event.length - (end_of(event) - plan.time_limit);
  }
  std::erase_if(plan.fault_events, [](const FaultEvent& event) { return event.length < kFaultLengthMin; });
  std::erase_if(plan.workload.operations, [&](const ScriptedOp& op) { return op.at > plan.time_limit; });
  return plan;
}

Plan brought_forward(Plan plan, Duration lead) {
  Duration first = plan.time_limit;
  for (const FaultEvent& event : plan.fault_events) {
    if (!event.trigger) first = std::min(first, event.at);
  }
  for (const ScriptedOp& op : plan.workload.operations) first = std::min(first, op.at);
  const Duration by = std::max(first, lead) - lead;
  for (FaultEvent& event : plan.fault_events) event.at = std::max(event.at, by) - by;
  for (ScriptedOp& op : plan.workload.operations) op.at = op.at - by;
  return ended_at(std::move(plan), plan.time_limit - by);
}

Plan last_part_of(Plan plan, Duration length) {
  const Duration begin = std::max(plan.time_limit, length) - length;
  std::erase_if(plan.fault_events, [&](const FaultEvent& event) { return end_of(event) <= begin; });
  for (FaultEvent& event : plan.fault_events) {
    const Duration before = std::max(event.at, begin) - event.at;
    if (!event.trigger) event.length = event.length - before;
    event.at = event.at + before - begin;
  }
  std::erase_if(plan.workload.operations, [&](const ScriptedOp& op) { return op.at < begin; });
  for (ScriptedOp& op : plan.workload.operations) op.at = op.at - begin;
  return ended_at(std::move(plan), plan.time_limit - begin);
}

std::vector<Gap> find_gaps(const Plan& plan, Duration length_min) {
  std::set<Duration> moments{Duration(), plan.time_limit};
  for (const ScriptedOp& op : plan.workload.operations) moments.insert(op.at);
  for (const FaultEvent& event : plan.fault_events) {
    moments.insert(event.at);
    if (!event.trigger) moments.insert(end_of(event));
  }
  std::vector<Gap> gaps;
  for (auto next = std::next(moments.begin()); next != moments.end(); ++next) {
    if (*next - *std::prev(next) > length_min) gaps.push_back({*std::prev(next), *next});
  }
  return gaps;
}

Plan with_gap_of(Plan plan, Gap gap, Duration left) {
  const Duration less = gap.to - gap.from - left;
  const auto moved = [&](Duration at) { return at >= gap.to ? at - less : at; };
  for (FaultEvent& event : plan.fault_events) {
    const Duration end = event.at + event.length;
    if (!event.trigger) event.length = moved(end) - moved(event.at);
    event.at = moved(event.at);
  }
  for (ScriptedOp& op : plan.workload.operations) op.at = moved(op.at);
  return ended_at(std::move(plan), plan.time_limit - less);
}

Plan rounded(Plan plan, Duration unit) {
  const auto round = [&](Duration time) {
    return Duration((time.ns() + unit.ns() / 2) / unit.ns() * unit.ns());
  };
  for (FaultEvent& event : plan.fault_events) {
    event.at = round(event.at);
    event.length = round(event.length);
    if (event.trigger) event.trigger->after = round(event.trigger->after);
  }
  for (ScriptedOp& op : plan.workload.operations) op.at = round(op.at);
  Duration limit = round(plan.time_limit);
  for (const FaultEvent& event : plan.fault_events) limit = std::max(limit, end_of(event));
  for (const ScriptedOp& op : plan.workload.operations) limit = std::max(limit, op.at);
  plan.time_limit = limit;
  return plan;
}

Plan on_nodes(Plan plan, std::uint32_t nodes) {
  plan.nodes = nodes;
  std::erase_if(plan.fault_events, [&](FaultEvent& event) { return !fit_to_nodes(event, nodes); });
  return plan;
}

Plan clients_at_their_nodes(Plan plan, std::uint32_t nodes) {
  const std::uint32_t now = plan.nodes;
  std::map<std::uint32_t, std::uint32_t> numbers;
  // Client c keeps to node 1 + c mod n. A row has a client for each node; those without a node come in rows
  // behind the last.
  const std::set<std::uint32_t> clients = clients_of(plan);
  const std::uint32_t rows = clients.empty() ? 0 : *clients.rbegin() / nodes + 1;
  for (const std::uint32_t client : clients) {
    const std::uint32_t node = client % nodes;
    numbers[client] = node % now + now * (client / nodes + node / now * rows);
  }
  return renumbered(std::move(plan), numbers);
}

std::vector<Plan> with_fewer_clients(const Plan& plan) {
  std::vector<Plan> smaller;
  if (plan.workload.name != "script") {
    for (const std::uint32_t clients : {1U, 2U, 3U, 5U, 8U, 12U, 20U, 50U}) {
      if (clients >= plan.load.concurrency) break;
      smaller.push_back(plan);
      smaller.back().load.concurrency = clients;
    }
    return smaller;
  }
  const std::set<std::uint32_t> clients = clients_of(plan);
  const auto numbered = [&](auto number) {
    std::map<std::uint32_t, std::uint32_t> numbers;
    std::uint32_t rank = 0;
    for (const std::uint32_t client : clients) {
      const std::uint32_t next = number(client, rank++);
      numbers[client] = next;
    }
    Plan candidate = renumbered(plan, numbers);
    const bool less = candidate.load.concurrency < plan.load.concurrency;
    if (less && (smaller.empty() || smaller.back() != candidate)) smaller.push_back(std::move(candidate));
  };
  // Several become one, as long as there are no more than somebody would look at.
  constexpr std::size_t kTogetherMax = 8;
  for (std::uint32_t left = 1; left < std::min(clients.size(), kTogetherMax); ++left)
    numbered([&](std::uint32_t, std::uint32_t rank) { return rank % left; });
  numbered([](std::uint32_t, std::uint32_t rank) { return rank; });
  // Each at the node that it had: the lowest number that has it.
  std::map<std::uint32_t, std::uint32_t> rows;
  numbered([&](std::uint32_t client, std::uint32_t) {
    return client % plan.nodes + plan.nodes * rows[client % plan.nodes]++;
  });
  numbered([](std::uint32_t client, std::uint32_t) { return client; });
  return smaller;
}

Plan with_chains_mended(Plan plan) {
  std::vector<ScriptedOp>& operations = plan.workload.operations;
  std::stable_sort(operations.begin(), operations.end(),
                   [](const ScriptedOp& a, const ScriptedOp& b) { return a.at < b.at; });
  const auto written_by = [](const ScriptedOp& op) {
    if (op.f == "cas") return (*op.value.as_list())[1];
    return op.f == "write" ? op.value : Value();
  };
  std::set<std::pair<std::string, Value>> written;
  for (const ScriptedOp& op : operations) written.emplace(op.key, written_by(op));
  std::map<std::string, Value> before;  // by key; nil: nothing yet
  for (ScriptedOp& op : operations) {
    if (op.f == "read") continue;
    if (op.f == "cas") {
      Value& expected = (*op.value.as_list())[0];
      if (!expected.is_nil() && !written.contains({op.key, expected})) expected = before[op.key];
    }
    before[op.key] = written_by(op);
  }
  return plan;
}

Plan with_late_faults(Plan plan, Duration late) {
  for (FaultEvent& event : plan.fault_events) {
    Duration& at = event.trigger ? event.trigger->after : event.at;
    at = at + late;
    event.length = std::min(event.length, plan.time_limit - late - (end_of(event) - event.length));
  }
  std::erase_if(plan.fault_events, [](const FaultEvent& event) { return event.length < kFaultLengthMin; });
  return plan;
}

Plan without_simulator(Plan plan) {
  plan.sim = SimPlan();
  const auto simulated = [](const std::string& fault) { return find_fault(fault)->simulated(); };
  std::erase_if(plan.fault_events, [&](const FaultEvent& event) {
    return (event.trigger && !traits(event.trigger->kind).on_real_nodes) || simulated(event.request.fault);
  });
  if (!plan.random_faults) return plan;
  std::erase_if(plan.random_faults->kinds, simulated);
  if (plan.random_faults->kinds.empty()) plan.random_faults.reset();
  return plan;
}

}  // namespace ordeal::sim
