#pragma once
// From what this process knows of itself to what a client reads: addresses and status. What the core says is
// duties/replies.h.

#include "node/host/duties/core.h"
#include "node/host/http_server.h"
#include "node/host/metrics.h"
#include "node/host/options.h"

#include <string>
#include <string_view>

namespace ordeal::host {

/// "http://10.0.0.2:8000"; empty for a node that is not among the peers.
[[nodiscard]] std::string endpoint_of(const NodeOptions& options, NodeId node);

/// Why a change of leader or members was refused.
[[nodiscard]] HttpFault control_fault(const NodeOptions& options, const Error& error,
                                      const ProtocolStatus& status);
/// The body of GET /v1/status.
[[nodiscard]] std::string print_status(const NodeOptions& options, const Gauges& gauges, std::int64_t pid);

/// For metrics.
[[nodiscard]] RequestOutcome outcome_of(const HttpAnswer& answer);

}  // namespace ordeal::host
