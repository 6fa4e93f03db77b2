#pragma once
// From a request to what it asks for. No sockets and no state: docs/formats/node-api.md as a function.

#include "common/ids.h"
#include "node/host/duties/api_json.h"
#include "node/host/duties/http_message.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

namespace ordeal::host {

enum class Route : std::uint8_t {
  kTransaction,
  kGet,
  kPut,
  kDelete,
  kStatus,
  kLeadership,
  kMembers,
  kHealth,
  kMetrics,
  kUnknown,  ///< what was refused before it had one
};
inline constexpr std::size_t kRouteCount = 10;
/// For metrics: "txn", "get", "put", ...
[[nodiscard]] std::string_view to_text(Route route);

/// A command for the core, encoded.
struct KvCall {
  Bytes command;
  bool read_only = false;
};
struct StatusCall {};
struct LeadershipCall {
  NodeId target;
};
struct MembersCall {
  Members members;
};
struct HealthCall {};
struct MetricsCall {};

struct Call {
  Route route = Route::kUnknown;
  std::variant<HttpFault, KvCall, StatusCall, LeadershipCall, MembersCall, HealthCall, MetricsCall> what;
};

/// The body may be moved from.
[[nodiscard]] Call route_request(HttpRequest& request);

}  // namespace ordeal::host
