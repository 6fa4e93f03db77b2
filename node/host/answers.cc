#include "node/host/answers.h"

#include "node/host/api_json.h"
#include "node/kv/codec.h"

#include <fmt/format.h>

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

HttpFault make_fault(ApiError error, std::string message) {
  return {error, std::move(message), {}, {}, {}};
}

HttpFault refusal_fault(const NodeOptions& options, const Refused& refused) {
  switch (refused.code) {
    case RefusalCode::kNotLeader: {
      if (refused.leader == kNoNode) return make_fault(ApiError::kNoLeader, "no leader is known");
      HttpFault fault = make_fault(ApiError::kNotLeader, node_name(refused.leader) + " is the leader");
      fault.leader = refused.leader;
      fault.endpoint = endpoint_of(options, refused.leader);
      if (options.on_follower == OnFollower::kRedirect && !fault.endpoint.empty())
        fault.error = ApiError::kRedirect;
      return fault;
    }
    case RefusalCode::kNoLeader:
      return make_fault(ApiError::kNoLeader, "no leader is known");
    case RefusalCode::kOverloaded:
      return make_fault(ApiError::kOverloaded, "too much is in flight; try again later");
    case RefusalCode::kLeadershipLost:
      return make_fault(ApiError::kLeadershipLost,
                        "leadership was lost; whether the command takes effect is not known");
    case RefusalCode::kTimeout:
      return make_fault(ApiError::kTimeout, "the leader did not answer in time");
  }
  return make_fault(ApiError::kInternal, "a refusal of an unknown kind");
}

HttpAnswer reply_answer(std::string_view bytes) {
  const auto reply = kv::decode_reply(bytes);
  if (!reply.ok()) return make_fault(ApiError::kInternal, reply.error().message);
  switch (reply->code) {
    case kv::ReplyCode::kCommitted:
    case kv::ReplyCode::kAborted:
      return HttpContent{print_reply(*reply)};
    case kv::ReplyCode::kSessionExpired:
      return make_fault(ApiError::kSessionExpired, "the session was dropped: too many clients came after it");
    case kv::ReplyCode::kSequenceTooOld:
      return make_fault(ApiError::kSequenceTooOld, "a later command of this session was already applied");
    case kv::ReplyCode::kInvalid:
      return make_fault(ApiError::kBadRequest,
                        fmt::format("refused: a list would hold more than {} bytes", kv::kValueSizeMax));
  }
  return make_fault(ApiError::kInternal, "a reply of an unknown kind");
}

HttpFault control_fault(const NodeOptions& options, const Error& error, const ProtocolStatus& status) {
  if (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kUnsupported)
    return make_fault(ApiError::kBadRequest, error.message);
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
