// The faults of Agents that no agent has a part in: leadership and membership, asked of the leader as an
// operator would ask for them. It may refuse, and that is no failure of the run: the outcome is kDeclined. A
// protocol that knows no such thing is another matter: kUnsupported.

#include "controller/env/agents.h"
#include "controller/env/clocks.h"
#include "controller/env/cluster_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ordeal::env {
namespace {

bool may_have_agreed(const Status& answer) {
  return answer.ok() || answer.error().code == ErrorCode::kIndeterminate;
}

bool never(const Status& answer) {
  return !answer.ok() && answer.error().code == ErrorCode::kInvalidArgument;
}

bool is_unsupported(const Status& answer) {
  return !answer.ok() && answer.error().code == ErrorCode::kUnsupported;
}

}  // namespace

bool Agents::asked_of_cluster(const FaultSpec& spec) {
  return std::holds_alternative<TransferFault>(spec) || std::holds_alternative<MembersFault>(spec);
}

Async<EnvironmentResult> Agents::ask_cluster(FaultId fault, FaultSpec spec) {
  EnvironmentResult result;
  result.earliest = monotonic_now();
  Probed probed;
  if (const auto* transfer = std::get_if<TransferFault>(&spec)) {
    probed = co_await hand_over(fault, transfer->target);
  } else {
    members_struck_ = true;
    probed = co_await settle_members(fault, result.earliest + kInForceLimit);
  }
  result.latest = monotonic_now();
  result.measured = std::move(probed.measured);
  result.reason = fmt::format("{}", fmt::join(probed.wrong, "; "));
  if (probed.unsupported) {
    // Nothing was done: nobody will take it away, and no heal could give back what no node can change.
    faults_.erase(fault);
    members_struck_ = false;
    result.outcome = EnvironmentOutcome::kUnsupported;
    co_return result;
  }
  result.outcome = probed.wrong.empty() ? EnvironmentOutcome::kVerified : EnvironmentOutcome::kDeclined;
  const auto it = faults_.find(fault);
  if (probed.wrong.empty() && it != faults_.end()) it->second.stage = Stage::kInForce;
  co_return result;
}

/// Asks until a leader agrees, or may have agreed, and then never again: while it hands over it takes no
/// requests, and once it has handed over the target refuses them.
Async<Agents::Probed> Agents::hand_over(FaultId fault, NodeId target) {
  const MonotonicTime deadline = monotonic_now() + kInForceLimit;
  Status asked = Error{ErrorCode::kUnavailable, "nobody was asked"};
  for (;;) {
    Probed probed;
    const std::vector<NodeStatus> statuses = co_await ask_statuses();
    if (!faults_.contains(fault)) co_return Probed{{kHealedMeanwhile}, {}};
    probed.measured = leader_to_value(statuses);
    const NodeStatus* leader = find_leader(statuses);
    std::string problem = leader_problem(statuses, target);
    if (problem.empty()) co_return probed;  // Also when it led before: then there is nothing to ask for.
    if (!problem.empty()) probed.wrong.push_back(std::move(problem));
    if (!may_have_agreed(asked) && leader != nullptr)
      asked = co_await ask_node(leader->observation.node, "/v1/leadership", leadership_body(target));
    if (!asked.ok()) probed.wrong.push_back(asked.error().message);
    probed.unsupported = is_unsupported(asked);
    if (probed.unsupported || never(asked)) co_return probed;
    if (monotonic_now() >= deadline) co_return probed;
    co_await alarms_.at(monotonic_now() + kProbeAgain);
  }
}

/// Faults come and go during each wait: what counts after it is what they want then. Otherwise an old
/// membership would be asked for over a newer one, and taken for what is wanted.
Async<Agents::Probed> Agents::settle_members(std::optional<FaultId> fault, MonotonicTime deadline) {
  for (;;) {
    Probed probed;
    const std::vector<NodeStatus> statuses = co_await ask_statuses();
    if (fault && !faults_.contains(*fault)) co_return Probed{{kHealedMeanwhile}, {}};
    const Membership wanted = wanted_members();
    if (wanted.voters.empty())
      co_return Probed{{"with the other members faults in force no voter would be left"}, {}};
    probed.measured = leader_to_value(statuses);
    std::string problem = members_problem(statuses, wanted);
    if (!problem.empty()) probed.wrong.push_back(std::move(problem));
    if (const NodeStatus* leader = find_leader(statuses)) {
      // A status shows members that are not committed yet, in a joint phase too. But a leader agrees to those
      // that it has already only when they are committed and final: until then it is busy.
      Status asked = co_await ask_node(leader->observation.node, "/v1/members", members_body(wanted));
      if (!asked.ok()) probed.wrong.push_back(asked.error().message);
      probed.unsupported = is_unsupported(asked);
      if (probed.unsupported) co_return probed;
    }
    if (fault && !faults_.contains(*fault)) co_return Probed{{kHealedMeanwhile}, {}};
    if (wanted != wanted_members()) probed.wrong.emplace_back("other members were wanted meanwhile");
    if (probed.wrong.empty() || monotonic_now() >= deadline) co_return probed;
    co_await alarms_.at(monotonic_now() + kProbeAgain);
  }
}

Async<Agents::Probed> Agents::probe_cluster(FaultSpec spec) {
  const std::vector<NodeStatus> statuses = co_await ask_statuses();
  Probed probed;
  probed.measured = leader_to_value(statuses);
  const auto* transfer = std::get_if<TransferFault>(&spec);
  std::string problem = transfer != nullptr ? leader_problem(statuses, transfer->target)
                                            : members_problem(statuses, wanted_members());
  if (!problem.empty()) probed.wrong.push_back(std::move(problem));
  co_return probed;
}

Async<std::vector<NodeStatus>> Agents::ask_statuses() {
  const std::vector<NodeId> nodes = all_nodes();
  std::vector<HttpRequest> requests;
  for (const NodeId node : nodes) requests.push_back(to_node(node, "GET", "/v1/status"));
  std::vector<HttpAnswer> answers = co_await fetch(transport_, std::move(requests));
  std::vector<NodeStatus> statuses;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    auto status = parse_node_status(answers[i].body, nodes[i]);
    // Ignored: who is down or says nothing that can be read does not lead.
    if (answers[i].status == 200 && status.ok()) statuses.push_back(std::move(status).value());
  }
  co_return statuses;
}

Async<Status> Agents::ask_node(NodeId node, std::string path, std::string body) {
  std::vector<HttpRequest> requests;
  requests.push_back(to_node(node, "POST", path, std::move(body)));
  std::vector<HttpAnswer> answers = co_await fetch(transport_, std::move(requests));
  co_return judge_control_answer(answers[0], node);
}

/// Everybody votes but for those that a fault in force or on its way wants otherwise.
Membership Agents::wanted_members() const {
  std::vector<MembersFault> faults;
  for (const auto& [id, known] : faults_) {
    const auto* fault = std::get_if<MembersFault>(&known.spec);
    if (fault != nullptr && known.stage != Stage::kRemoving) faults.push_back(*fault);
  }
  return combine_members(all_nodes(), faults);
}

}  // namespace ordeal::env
