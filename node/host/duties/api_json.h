#pragma once
// The JSON of the API: bodies of requests to types, replies of the state machine to text. Strict: an unknown
// member, a wrong type or a missing member is an error that names it.

#include "common/ids.h"
#include "common/kv_api.h"
#include "common/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace ordeal::host {

/// The body of POST /v1/txn. Sizes are not checked here (kv::find_fault).
[[nodiscard]] Result<kv::Command> parse_transaction(std::string_view body);

/// The body of POST /v1/leadership; kNoNode for {}.
[[nodiscard]] Result<NodeId> parse_leadership(std::string_view body);

struct Members {
  std::vector<NodeId> voters;
  std::vector<NodeId> learners;
};
/// The body of POST /v1/members.
[[nodiscard]] Result<Members> parse_members(std::string_view body);

/// The body of an answer to a command. Requires: kCommitted or kAborted.
[[nodiscard]] std::string print_reply(const kv::Reply& reply);

}  // namespace ordeal::host
