#include "controller/env/agents.h"

#include "controller/env/clocks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ordeal::env {
namespace {

constexpr Duration kLease = seconds(10);
constexpr Duration kRenewal = seconds(3);
constexpr Duration kRenewalAgain = milliseconds(300);
constexpr Duration kRenewalTimeout = seconds(3);
/// Without a renewal for so long an agent is lost: soon after it faults lapse by themselves.
constexpr Duration kSilenceMax = seconds(8);
/// Refused so often in a row: no process listens any more. On a busy machine an agent may only be slow.
constexpr int kRefusalsMax = 3;
/// Above what an agent allows itself for a start of the replica (8 s) or a kill (6 s).
constexpr Duration kAgentTimeout = seconds(9);
constexpr Duration kNodeTimeout = seconds(1);

std::string fault_name(FaultId fault) {
  return fmt::format("f{}", fault);
}

std::string fault_path(FaultId fault) {
  return "/faults/" + fault_name(fault);
}

EnvironmentResult failed(const Error& error, MonotonicTime earliest) {
  EnvironmentResult result;
  result.outcome =
      error.code == ErrorCode::kUnsupported ? EnvironmentOutcome::kUnsupported : EnvironmentOutcome::kFailed;
  result.reason = error.message;
  result.earliest = earliest;
  result.latest = monotonic_now();
  return result;
}

}  // namespace

Agents::Agents(std::vector<Endpoint> endpoints, std::string token, Transport& transport, Events events)
    : endpoints_(std::move(endpoints)),
      token_(std::move(token)),
      transport_(transport),
      events_(std::move(events)),
      // Nonces of a controller that ran before on the same agents must not come again.
      last_nonce_(static_cast<std::uint64_t>(monotonic_now().ns()) / 1'000) {
  for (const Endpoint& endpoint : endpoints_) flows_.start(keep_lease(endpoint));
}

void Agents::request(EnvironmentRequest request) {
  flows_.start(serve(std::move(request)));
}

Async<Nothing> Agents::serve(EnvironmentRequest request) {
  EnvironmentResult result;
  if (auto* apply_verb = std::get_if<ApplyFault>(&request.verb)) {
    result = co_await apply(std::move(*apply_verb));
  } else if (const auto* remove_verb = std::get_if<RemoveFault>(&request.verb)) {
    result = co_await remove(remove_verb->fault);
  } else if (const auto* probe_verb = std::get_if<ProbeFault>(&request.verb)) {
    result = co_await probe(probe_verb->fault);
  } else {
    result = co_await heal_all();
  }
  result.id = request.id;
  events_.result(std::move(result));
  co_return Nothing{};
}

// --- Verbs -----------------------------------------------------------------------------------------------

Async<EnvironmentResult> Agents::apply(ApplyFault verb) {
  const FaultId fault = verb.fault;
  faults_.insert_or_assign(fault, Known{verb.spec, Stage::kApplying, {}, {}});
  if (asked_of_cluster(verb.spec)) {
    EnvironmentResult asked = co_await ask_cluster(fault, std::move(verb.spec));
    co_return asked;
  }
  if (std::holds_alternative<KillFault>(verb.spec)) co_await note_incarnations(fault);
  EnvironmentResult result;
  result.earliest = monotonic_now();
  Status put_status = co_await put(fault, verb.spec);
  if (!put_status.ok()) {
    if (put_status.error().code == ErrorCode::kUnsupported) {
      // Another agent may have done its part already; unsupported promises that nothing was done.
      Status undone = co_await erase(fault_path(fault), nodes_of(verb.spec));
      if (undone.ok()) faults_.erase(fault);
    }
    co_return failed(put_status.error(), result.earliest);
  }
  result.latest = monotonic_now();
  Probed probed = co_await probe_in_force(fault);
  result.measured = std::move(probed.measured);
  if (!probed.wrong.empty()) {
    result.outcome = EnvironmentOutcome::kUnverified;
    result.reason = fmt::format("{}", fmt::join(probed.wrong, "; "));
    co_return result;
  }
  result.outcome = EnvironmentOutcome::kVerified;
  if (const auto it = faults_.find(fault); it != faults_.end()) it->second.stage = Stage::kInForce;
  co_return result;
}

Async<EnvironmentResult> Agents::remove(FaultId fault) {
  EnvironmentResult result;
  result.earliest = monotonic_now();
  result.latest = result.earliest;
  result.outcome = EnvironmentOutcome::kVerified;
  const auto it = faults_.find(fault);
  if (it == faults_.end()) co_return result;  // removed before: idempotent
  it->second.stage = Stage::kRemoving;
  std::vector<NodeId> nodes = nodes_of(it->second.spec);
  Status status = co_await erase(fault_path(fault), std::move(nodes));
  if (!status.ok()) co_return failed(status.error(), result.earliest);
  Probed probed = co_await probe_gone(fault);
  result.latest = monotonic_now();
  result.measured = std::move(probed.measured);
  if (probed.wrong.empty()) {
    faults_.erase(fault);
  } else {
    result.outcome = EnvironmentOutcome::kUnverified;
    result.reason = fmt::format("{}", fmt::join(probed.wrong, "; "));
  }
  co_return result;
}

Async<EnvironmentResult> Agents::probe(FaultId fault) {
  EnvironmentResult result;
  result.earliest = monotonic_now();
  result.latest = result.earliest;
  if (!faults_.contains(fault)) {
    result.outcome = EnvironmentOutcome::kUnverified;
    result.reason = "this fault was never applied, or was removed";
    co_return result;
  }
  Probed probed = co_await probe_in_force(fault);
  result.latest = monotonic_now();
  result.measured = std::move(probed.measured);
  result.outcome = probed.wrong.empty() ? EnvironmentOutcome::kVerified : EnvironmentOutcome::kUnverified;
  result.reason = fmt::format("{}", fmt::join(probed.wrong, "; "));
  co_return result;
}

Async<EnvironmentResult> Agents::heal_all() {
  EnvironmentResult result;
  result.earliest = monotonic_now();
  faults_.clear();
  std::vector<NodeId> nodes = all_nodes();
  Status status = co_await erase("/faults", std::move(nodes));
  if (!status.ok()) co_return failed(status.error(), result.earliest);
  Probed reach = co_await probe_reach(std::nullopt, false);
  result.measured = std::move(reach.measured);
  std::vector<std::string> wrong = std::move(reach.wrong);
  const MonotonicTime deadline = monotonic_now() + kServingLimit;
  if (wrong.empty() && members_struck_) {
    Probed members = co_await settle_members(std::nullopt, deadline);
    wrong = std::move(members.wrong);
  }
  if (wrong.empty()) {
    Probed serving = co_await probe_serving(deadline);
    wrong = std::move(serving.wrong);
  }
  result.latest = monotonic_now();
  result.outcome = wrong.empty() ? EnvironmentOutcome::kVerified : EnvironmentOutcome::kUnverified;
  result.reason = fmt::format("{}", fmt::join(wrong, "; "));
  co_return result;
}

Async<Nothing> Agents::keep_lease(Endpoint endpoint) {
  MonotonicTime renewed = monotonic_now();
  int refusals = 0;
  Duration pause = kRenewal;
  for (;;) {
    co_await alarms_.at(monotonic_now() + pause);
    std::vector<HttpRequest> requests;
    requests.push_back(to_agent(endpoint.node, "POST", "/lease", lease_body(kLease)));
    requests.back().timeout = kRenewalTimeout;
    const std::vector<FaultId> faults = in_force_on(endpoint.node);
    const MonotonicTime asked = monotonic_now();
    std::vector<HttpAnswer> answers = co_await fetch(transport_, std::move(requests));
    if (answers[0].answered && answers[0].status == 200) {
      tell_lapsed(endpoint.node, faults, answers[0]);
      renewed = asked;
      refusals = 0;
      pause = kRenewal;
      continue;
    }
    pause = kRenewalAgain;
    refusals = answers[0].sent ? 0 : refusals + 1;
    if (refusals < kRefusalsMax && monotonic_now() - renewed < kSilenceMax) continue;
    events_.trouble(
        {endpoint.node, "its agent was lost: " + answer_error(answers[0], endpoint.node).message});
    co_return Nothing{};
  }
}

std::vector<FaultId> Agents::in_force_on(NodeId node) const {
  std::vector<FaultId> found;
  for (const auto& [fault, known] : faults_) {
    const std::vector<NodeId> nodes = nodes_of(known.spec);
    if (known.stage == Stage::kInForce && std::find(nodes.begin(), nodes.end(), node) != nodes.end())
      found.push_back(fault);
  }
  return found;
}

/// Of `faults`, in force when the agent was asked, those that are meant to be so still.
void Agents::tell_lapsed(NodeId node, const std::vector<FaultId>& faults, const HttpAnswer& answer) {
  const auto states = parse_fault_states(answer, node);
  for (const FaultId fault : faults) {
    const auto it = faults_.find(fault);
    if (it == faults_.end() || it->second.stage != Stage::kInForce || it->second.lapsed.contains(node))
      continue;
    std::string why;
    if (!states.ok()) {
      why = states.error().message;
    } else if (const auto state = states->find(fault_name(fault)); state == states->end()) {
      why = "its lease ran out";
    } else if (state->second.state != "in-force") {
      why = fmt::format("{}: {}", state->second.state, state->second.reason);
    } else {
      continue;
    }
    it->second.lapsed.insert(node);
    events_.trouble({node, fmt::format("fault {} ({}) let go before its time: {}", fault_name(fault),
                                       fault_kind(it->second.spec), why)});
  }
}

// --- Requests to several agents --------------------------------------------------------------------------

Async<Status> Agents::put(FaultId fault, FaultSpec spec) {
  std::vector<NodeId> nodes;
  std::vector<HttpRequest> requests;
  if (const auto* partition = std::get_if<PartitionFault>(&spec)) {
    for (const auto& [node, drop_from] : drops_by_node(partition->cuts)) {
      nodes.push_back(node);
      requests.push_back(to_agent(node, "PUT", fault_path(fault), partition_body(drop_from, kLease)));
    }
  } else {
    nodes = nodes_of(spec);
    for (const NodeId node : nodes)
      requests.push_back(
          to_agent(node, "PUT", fault_path(fault), process_fault_body(fault_kind(spec), kLease)));
  }
  std::vector<HttpAnswer> answers = co_await fetch(transport_, std::move(requests));
  Status first;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    Status status = judge_fault_answer(answers[i], nodes[i], "in-force");
    if (status.ok()) continue;
    // What was tried and failed outranks what is unsupported, which promises that nothing was done.
    if (first.ok() || first.error().code == ErrorCode::kUnsupported) first = std::move(status);
  }
  co_return first;
}

Async<Status> Agents::erase(std::string path, std::vector<NodeId> nodes) {
  std::vector<HttpRequest> requests;
  for (const NodeId node : nodes) requests.push_back(to_agent(node, "DELETE", path, ""));
  std::vector<HttpAnswer> answers = co_await fetch(transport_, std::move(requests));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i].answered || answers[i].status != 200) co_return answer_error(answers[i], nodes[i]);
  }
  co_return Status();
}

/// So that it can be seen later that another process came up, not that the first survived.
Async<Nothing> Agents::note_incarnations(FaultId fault) {
  std::vector<NodeId> nodes = nodes_of(faults_.at(fault).spec);
  std::vector<HttpRequest> requests;
  for (const NodeId node : nodes) requests.push_back(to_agent(node, "POST", "/probe", process_probe_body()));
  std::vector<HttpAnswer> answers = co_await fetch(transport_, std::move(requests));
  const auto it = faults_.find(fault);
  if (it == faults_.end()) co_return Nothing{};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    // Ignored when it fails: then any incarnation will do, and the PUT will meet the same trouble.
    if (auto state = parse_process_state(answers[i], nodes[i]); state.ok())
      it->second.incarnations[nodes[i]] = state->incarnation;
  }
  co_return Nothing{};
}

HttpRequest Agents::to_agent(NodeId node, std::string method, std::string_view path, std::string body) const {
  HttpRequest request = to_node(node, std::move(method), path, std::move(body));
  request.url = endpoint(node).agent_url() + std::string(path);
  request.bearer_token = token_;
  request.timeout = kAgentTimeout;
  return request;
}

HttpRequest Agents::to_node(NodeId node, std::string method, std::string_view path, std::string body) const {
  HttpRequest request;
  request.method = std::move(method);
  request.url = endpoint(node).api_url() + std::string(path);
  request.body = std::move(body);
  request.timeout = kNodeTimeout;
  return request;
}

std::vector<NodeId> Agents::nodes_of(const FaultSpec& spec) const {
  const auto* partition = std::get_if<PartitionFault>(&spec);
  if (partition == nullptr) return nodes_down(spec);
  std::vector<NodeId> nodes;
  for (const auto& [node, drop_from] : drops_by_node(partition->cuts)) nodes.push_back(node);
  return nodes;
}

std::vector<NodeId> Agents::all_nodes() const {
  std::vector<NodeId> nodes;
  for (const Endpoint& endpoint : endpoints_) nodes.push_back(endpoint.node);
  return nodes;
}

const Endpoint& Agents::endpoint(NodeId node) const {
  const auto it = std::find_if(endpoints_.begin(), endpoints_.end(),
                               [node](const Endpoint& endpoint) { return endpoint.node == node; });
  ORDEAL_CHECK(it != endpoints_.end());
  return *it;
}

}  // namespace ordeal::env
