#pragma once
// The agent API (docs/formats/agent-api.md), as bytes: bodies of requests, and what answers mean.

#include "common/environment.h"
#include "common/result.h"
#include "controller/env/reach.h"
#include "controller/env/transport.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::env {

// --- Bodies ----------------------------------------------------------------------------------------------

[[nodiscard]] std::string partition_body(const std::vector<NodeId>& drop_from, Duration lease);
/// `kind` is kill or pause.
[[nodiscard]] std::string process_fault_body(std::string_view kind, Duration lease);
[[nodiscard]] std::string lease_body(Duration lease);
[[nodiscard]] std::string process_probe_body();
[[nodiscard]] std::string emit_body(std::uint64_t nonce, std::uint32_t count);
[[nodiscard]] std::string collect_body(std::uint64_t nonce);

/// What to drop where: for each node that must drop something, from whom.
[[nodiscard]] std::map<NodeId, std::vector<NodeId>> drops_by_node(const std::vector<Cut>& cuts);

// --- Answers ---------------------------------------------------------------------------------------------

/// Of PUT and DELETE: whether the agent says it is done. kUnsupported: it cannot, and did nothing;
/// kUnavailable: it could not be reached; kPermissionDenied: wrong token; kInternal: everything else, in its
/// words.
[[nodiscard]] Status judge_fault_answer(const HttpAnswer& answer, NodeId node,
                                        std::string_view expected_state);

/// A fault as an agent sees it.
struct FaultState {
  std::string state;   ///< in-force, absent, failed
  std::string reason;  ///< of failed
};
/// Of GET /faults and POST /lease: all faults of the agent by name.
[[nodiscard]] Result<std::map<std::string, FaultState>> parse_fault_states(const HttpAnswer& answer,
                                                                           NodeId node);

struct ProcessState {
  std::int64_t pid = 0;  ///< 0 when there is none
  bool alive = false;
  std::string state;             ///< of the kernel: R, S, D, T, ...
  bool threads_stopped = false;  ///< all of them
  std::uint64_t incarnation = 0;
};
[[nodiscard]] Result<ProcessState> parse_process_state(const HttpAnswer& answer, NodeId node);

/// Of an emit: kInternal unless `count` datagrams left for every peer in both families. A node that sent
/// nothing would look like one that is cut off.
[[nodiscard]] Status judge_emitted(const HttpAnswer& answer, NodeId node, std::size_t peers,
                                   std::uint32_t count);

/// Adds the row of the node that collected: what arrived from each peer.
[[nodiscard]] Status parse_collected(const HttpAnswer& answer, NodeId node, ReachMatrix& matrix);

/// What a machine can do and what not, of GET /capabilities and `ordeal-agent --capabilities`.
struct Capability {
  std::string name;
  bool available = false;
  std::string detail;   ///< how, or why not
  std::string install;  ///< what to do about it; may be empty
};
[[nodiscard]] Result<std::vector<Capability>> parse_capabilities(std::string_view body);

/// Of any request: "n2's agent: 409 cannot_now: ...", or why there was no answer. Requires: it is no success.
[[nodiscard]] Error answer_error(const HttpAnswer& answer, NodeId node);

}  // namespace ordeal::env
