#include "node/host/duties/replies.h"

#include "node/host/duties/api_json.h"
#include "node/kv/codec.h"

#include <fmt/format.h>

#include <utility>

namespace ordeal::host {

HttpFault make_fault(ApiError error, std::string message) {
  return {error, std::move(message), {}, {}, {}};
}

HttpFault refusal_fault(const Refused& refused, std::string leader_endpoint, bool redirect) {
  switch (refused.code) {
    case RefusalCode::kNotLeader: {
      if (refused.leader == kNoNode) return make_fault(ApiError::kNoLeader, "no leader is known");
      HttpFault fault = make_fault(ApiError::kNotLeader, node_name(refused.leader) + " is the leader");
      fault.leader = refused.leader;
      fault.endpoint = std::move(leader_endpoint);
      if (redirect && !fault.endpoint.empty()) fault.error = ApiError::kRedirect;
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

}  // namespace ordeal::host
