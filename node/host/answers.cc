#include "node/host/answers.h"

#include "node/host/duties/replies.h"

#include <boost/json.hpp>

namespace ordeal::host {
namespace {

namespace json = boost::json;

json::array names(const std::vector<NodeId>& nodes) {
  json::array array;
  for (const NodeId node : nodes) array.emplace_back(node_name(node));
  return array;
}

json::value name_or_null(NodeId node) {
  return node == kNoNode ? json::value(nullptr) : json::value(node_name(node));
}

json::array peers_of(const Gauges& gauges) {
  json::array array;
  for (const auto& [node, stats] : gauges.peers) {
    json::object peer{{"node", node_name(node)}, {"match", 0}, {"state", ""}, {"learner", false}};
    for (const PeerStatus& known : gauges.protocol.peers) {
      if (known.node != node) continue;
      peer["match"] = known.match.value();
      peer["state"] = known.state;
      peer["learner"] = known.learner;
    }
    peer["connected"] = stats.connected;
    array.push_back(std::move(peer));
  }
  return array;
}

}  // namespace

std::string endpoint_of(const NodeOptions& options, NodeId node) {
  const auto it = options.peers.find(node);
  return it == options.peers.end() ? std::string() : "http://" + to_text(it->second.api);
}

HttpFault control_fault(const NodeOptions& options, const Error& error, const ProtocolStatus& status) {
  if (error.code == ErrorCode::kInvalidArgument) return make_fault(ApiError::kBadRequest, error.message);
  if (error.code == ErrorCode::kUnsupported) return make_fault(ApiError::kUnsupported, error.message);
  if (error.code != ErrorCode::kUnavailable) return make_fault(ApiError::kInternal, error.message);
  if (status.role == "leader") return make_fault(ApiError::kMembershipBusy, error.message);
  HttpFault fault =
      make_fault(status.leader == kNoNode ? ApiError::kNoLeader : ApiError::kNotLeader, error.message);
  fault.leader = status.leader;
  fault.endpoint = endpoint_of(options, status.leader);
  return fault;
}

std::string print_status(const NodeOptions& options, const Gauges& gauges, std::int64_t pid) {
  const ProtocolStatus& status = gauges.protocol;
  json::array plants;
  for (const std::string& plant : options.plants) plants.emplace_back(plant);
  json::object events;
  for (const auto& [name, count] : gauges.events) events[name] = count;
  const json::object object{{"node", node_name(options.id)},
                            {"cluster", options.cluster},
                            {"protocol", options.protocol},
                            {"role", status.role},
                            {"term", status.term.value()},
                            {"leader", name_or_null(status.leader)},
                            {"commit", status.commit.value()},
                            {"applied", status.applied.value()},
                            {"first_index", status.first_index.value()},
                            {"last_index", status.last_index.value()},
                            {"voters", names(status.voters)},
                            {"learners", names(status.learners)},
                            {"peers", peers_of(gauges)},
                            {"plants", std::move(plants)},
                            {"events", std::move(events)},
                            {"incarnation", gauges.incarnation},
                            {"pid", pid}};
  return json::serialize(object);
}

RequestOutcome outcome_of(const HttpAnswer& answer) {
  const auto* fault = std::get_if<HttpFault>(&answer);
  if (fault == nullptr) return RequestOutcome::kOk;
  return row_of(fault->error).definite ? RequestOutcome::kDefinite : RequestOutcome::kIndefinite;
}

}  // namespace ordeal::host
