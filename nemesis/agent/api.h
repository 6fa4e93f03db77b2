#pragma once
// The JSON of docs/formats/agent-api.md: request bodies to types, results to bodies. Every error of reading
// names the member and what it must be.

#include "common/result.h"
#include "nemesis/agent/probe_table.h"
#include "nemesis/agent/reconciler.h"
#include "nemesis/agent/service.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ordeal::agent {

inline constexpr std::int64_t kLeaseMsMin = 1'000;
inline constexpr std::int64_t kLeaseMsMax = 600'000;
inline constexpr std::int64_t kProbeCountMax = 1'000;
inline constexpr std::int64_t kProbeTimeoutMsMax = 10'000;

struct PutRequest {
  FaultBody body;
  Duration lease;
};

struct EmitProbe {
  std::uint64_t nonce = 0;
  std::uint32_t count = 0;
};
struct CollectProbe {
  std::uint64_t nonce = 0;
  Expectation expectation;
};
struct ReachProbe {
  std::uint32_t count = 0;
  Duration timeout;
};
struct ProcessProbe {};
using ProbeRequest = std::variant<EmitProbe, CollectProbe, ReachProbe, ProcessProbe>;

/// 1 to 64 of [A-Za-z0-9._-].
[[nodiscard]] bool is_fault_id(std::string_view text);

/// `others`: the peers without this node itself.
[[nodiscard]] Result<PutRequest> parse_put(std::string_view body, const std::set<NodeId>& others);
[[nodiscard]] Result<Duration> parse_lease(std::string_view body);
[[nodiscard]] Result<ProbeRequest> parse_probe(std::string_view body, const std::set<NodeId>& others);

[[nodiscard]] std::string answer_body(const FaultAnswer& answer);
[[nodiscard]] std::string answers_body(const std::vector<FaultAnswer>& answers);
[[nodiscard]] std::string list_body(const std::vector<FaultView>& views, MonotonicTime now);
[[nodiscard]] std::string replica_body(const ReplicaObservation& observed);
/// `sent`: datagrams that each peer was asked to send; none: not known.
[[nodiscard]] std::string arrivals_body(std::string_view kind, const Arrivals& arrivals,
                                        std::optional<std::uint32_t> sent, bool complete);
[[nodiscard]] std::string error_body(std::string_view code, std::string_view message);

}  // namespace ordeal::agent
