#pragma once
// From what the core says to what the client reads: replies and refusals as HTTP answers.

#include "node/host/duties/core.h"
#include "node/host/duties/http_message.h"

#include <string>
#include <string_view>

namespace ordeal::host {

[[nodiscard]] HttpFault make_fault(ApiError error, std::string message);
/// `leader_endpoint`: of `refused.leader`, "http://10.0.0.2:8000"; empty when not known. With `redirect` and
/// an endpoint: kRedirect.
[[nodiscard]] HttpFault refusal_fault(const Refused& refused, std::string leader_endpoint, bool redirect);
/// `reply`: an encoded kv::Reply.
[[nodiscard]] HttpAnswer reply_answer(std::string_view reply);

}  // namespace ordeal::host
