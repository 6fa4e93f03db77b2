// The probes of Agents: whether what was asked for is to be seen.

#include "controller/env/agents.h"
#include "controller/env/clocks.h"
#include "controller/env/node_wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ordeal::env {
namespace {

constexpr std::uint32_t kDatagrams = 20;
/// From the agents' word that the datagrams are on their way until they have surely been counted.
constexpr Duration kCollectDelay = milliseconds(60);

std::string health_problem(const HttpAnswer& answer, NodeId node) {
  if (answer.answered && answer.status == 200) return {};
  return answer.answered ? fmt::format("{} is not healthy: {} {}", node_name(node), answer.status,
                                       answer.body.substr(0, 120))
                         : fmt::format("{} does not answer /healthz: {}", node_name(node), answer.reason);
}

}  // namespace

Async<Agents::Probed> Agents::probe_in_force(FaultId fault) {
  const auto it = faults_.find(fault);
  if (it == faults_.end()) co_return Probed{{kHealedMeanwhile}, {}};
  if (asked_of_cluster(it->second.spec)) {
    Probed cluster = co_await probe_cluster(it->second.spec);
    co_return cluster;
  }
  if (std::holds_alternative<PartitionFault>(it->second.spec)) {
    Probed reach = co_await probe_reach(fault, true);
    co_return reach;
  }
  Probed processes = co_await probe_processes(fault, true);
  co_return processes;
}

Async<Agents::Probed> Agents::probe_gone(FaultId fault) {
  const auto it = faults_.find(fault);
  if (it == faults_.end()) co_return Probed{};
  if (std::holds_alternative<TransferFault>(it->second.spec)) co_return Probed{};  // nothing to take away
  if (std::holds_alternative<MembersFault>(it->second.spec)) {
    Probed members = co_await settle_members(fault, monotonic_now() + kGoneLimit);
    co_return members;
  }
  if (std::holds_alternative<PartitionFault>(it->second.spec)) {
    Probed reach = co_await probe_reach(fault, false);
    co_return reach;
  }
  Probed processes = co_await probe_processes(fault, false);
  co_return processes;
}

// --- Partitions ------------------------------------------------------------------------------------------

/// What other partitions cut stays cut when this one goes; what they are just changing may be either.
ReachExpectation Agents::expectation(std::optional<FaultId> in_question, bool expected_in_force) const {
  ReachExpectation expected;
  expected.nodes = all_nodes();
  std::set<Cut> changing;
  for (const auto& [id, known] : faults_) {
    const auto* partition = std::get_if<PartitionFault>(&known.spec);
    if (partition == nullptr) continue;
    const bool this_one = id == in_question;
    if (this_one && !expected_in_force) continue;
    auto& cuts = this_one || known.stage == Stage::kInForce ? expected.cut : changing;
    cuts.insert(partition->cuts.begin(), partition->cuts.end());
  }
  for (const Cut& cut : changing) {
    if (!expected.cut.contains(cut)) expected.unknown.insert(cut);
  }
  return expected;
}

Async<Agents::Probed> Agents::probe_reach(std::optional<FaultId> in_question, bool expected_in_force) {
  const MonotonicTime deadline = monotonic_now() + (expected_in_force ? kInForceLimit : kGoneLimit);
  const std::vector<NodeId> nodes = all_nodes();
  for (;;) {
    const std::uint64_t nonce = ++last_nonce_;
    std::vector<HttpRequest> emits;
    for (const NodeId node : nodes)
      emits.push_back(to_agent(node, "POST", "/probe", emit_body(nonce, kDatagrams)));
    std::vector<HttpAnswer> emitted = co_await fetch(transport_, std::move(emits));
    co_await alarms_.at(monotonic_now() + kCollectDelay);
    std::vector<HttpRequest> collects;
    for (const NodeId node : nodes) collects.push_back(to_agent(node, "POST", "/probe", collect_body(nonce)));
    std::vector<HttpAnswer> collected = co_await fetch(transport_, std::move(collects));

    Probed probed;
    ReachMatrix matrix;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (Status status = judge_emitted(emitted[i], nodes[i], nodes.size() - 1, kDatagrams); !status.ok())
        probed.wrong.push_back(status.error().message);
      if (Status status = parse_collected(collected[i], nodes[i], matrix); !status.ok())
        probed.wrong.push_back(status.error().message);
    }
    if (probed.wrong.empty()) probed.wrong = differences(matrix, expectation(in_question, expected_in_force));
    probed.measured = to_value(matrix);
    if (probed.wrong.empty() || monotonic_now() >= deadline) co_return probed;
    co_await alarms_.at(monotonic_now() + kProbeAgain);
  }
}

// --- Processes -------------------------------------------------------------------------------------------

bool Agents::struck_by_another(NodeId node, FaultId but) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const auto& entry) {
    if (entry.first == but || std::holds_alternative<PartitionFault>(entry.second.spec)) return false;
    const std::vector<NodeId> nodes = nodes_of(entry.second.spec);
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  });
}

std::string Agents::process_problem(NodeId node, const Known& known, const ProcessState& state,
                                    bool expected_in_force) const {
  const bool kill = std::holds_alternative<KillFault>(known.spec);
  if (expected_in_force) {
    if (kill) return state.alive ? fmt::format("{} is still alive (pid {})", node_name(node), state.pid) : "";
    return state.alive && state.threads_stopped
               ? ""
               : fmt::format("not all threads of {} are stopped (state {})", node_name(node), state.state);
  }
  if (!state.alive) return fmt::format("{} does not run", node_name(node));
  if (state.threads_stopped) return fmt::format("{} is still stopped", node_name(node));
  const auto before = known.incarnations.find(node);
  if (kill && before != known.incarnations.end() && state.incarnation <= before->second)
    return fmt::format("{} has not been started again (incarnation {})", node_name(node), state.incarnation);
  return {};
}

Async<Agents::Probed> Agents::probe_processes(FaultId fault, bool expected_in_force) {
  const MonotonicTime deadline = monotonic_now() + (expected_in_force ? kInForceLimit : kGoneLimit);
  for (;;) {
    Probed probed;
    const auto known = faults_.find(fault);
    if (known == faults_.end()) co_return Probed{{kHealedMeanwhile}, {}};
    std::vector<NodeId> nodes = nodes_of(known->second.spec);
    // A node that another fault holds down cannot show that this one is gone.
    if (!expected_in_force) std::erase_if(nodes, [&](NodeId node) { return struck_by_another(node, fault); });
    std::vector<HttpRequest> requests;
    for (const NodeId node : nodes)
      requests.push_back(to_agent(node, "POST", "/probe", process_probe_body()));
    if (!expected_in_force) {
      for (const NodeId node : nodes) requests.push_back(to_node(node, "GET", "/healthz"));
    }
    std::vector<HttpAnswer> answers = co_await fetch(transport_, std::move(requests));
    const auto still = faults_.find(fault);
    if (still == faults_.end()) co_return Probed{{kHealedMeanwhile}, {}};
    Value::Map measured;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      auto state = parse_process_state(answers[i], nodes[i]);
      std::string problem = state.ok() ? process_problem(nodes[i], still->second, *state, expected_in_force)
                                       : state.error().message;
      if (problem.empty() && !expected_in_force)
        problem = health_problem(answers[nodes.size() + i], nodes[i]);
      if (!problem.empty()) probed.wrong.push_back(std::move(problem));
      if (state.ok()) {
        measured.emplace(node_name(nodes[i]),
                         Value::Map{{"alive", state->alive},
                                    {"stopped", state->threads_stopped},
                                    {"incarnation", static_cast<std::int64_t>(state->incarnation)}});
      }
    }
    probed.measured = std::move(measured);
    if (probed.wrong.empty() || monotonic_now() >= deadline) co_return probed;
    co_await alarms_.at(monotonic_now() + kProbeAgain);
  }
}

Async<Agents::Probed> Agents::probe_serving(MonotonicTime deadline) {
  const std::vector<NodeId> nodes = all_nodes();
  for (;;) {
    std::vector<HttpRequest> requests;
    for (const NodeId node : nodes) requests.push_back(to_node(node, "GET", "/healthz"));
    for (const NodeId node : nodes) requests.push_back(to_node(node, "GET", "/v1/status"));
    std::vector<HttpAnswer> answers = co_await fetch(transport_, std::move(requests));
    Probed probed;
    std::set<NodeId> leaders;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      std::string problem = health_problem(answers[i], nodes[i]);
      auto status = parse_node_status(answers[nodes.size() + i].body, nodes[i]);
      if (problem.empty() && !status.ok()) problem = status.error().message;
      if (problem.empty()) leaders.insert(status->observation.leader);
      if (!problem.empty()) probed.wrong.push_back(std::move(problem));
    }
    const bool agreed = leaders.size() == 1 && *leaders.begin() != kNoNode;
    if (probed.wrong.empty() && !agreed) probed.wrong.emplace_back("the nodes do not agree on a leader");
    if (probed.wrong.empty() || monotonic_now() >= deadline) co_return probed;
    co_await alarms_.at(monotonic_now() + kProbeAgain);
  }
}

}  // namespace ordeal::env
