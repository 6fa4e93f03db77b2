#pragma once
// Who is where in a local cluster: one bridge, one network namespace per node, every node reachable over IPv4
// and IPv6. The network is private to the run, so the same numbers serve every run.

#include "common/ids.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::env {

/// What the controller and the other nodes need to know of a node, wherever it runs.
struct Endpoint {
  NodeId node;
  std::string ipv4;
  std::string ipv6;
  std::uint16_t api_port = 0;
  std::uint16_t peer_port = 0;
  std::uint16_t agent_port = 0;

  [[nodiscard]] std::string api_url() const;    ///< "http://10.118.0.2:8000"
  [[nodiscard]] std::string agent_url() const;  ///< "http://10.118.0.2:7000"
};

inline constexpr std::uint32_t kNodesMax = 200;
inline constexpr std::uint16_t kProbePort = 7001;

/// n1 to n`nodes`. Requires: 1 <= nodes <= kNodesMax.
[[nodiscard]] std::vector<Endpoint> plan_endpoints(std::uint32_t nodes);

/// Lines for `ip -batch -` in the run's own namespace: the bridge with the controller's addresses, and one
/// veth pair per node whose far end goes to the namespace at `namespace_paths[i]`.
[[nodiscard]] std::string bridge_commands(const std::vector<Endpoint>& endpoints,
                                          const std::vector<std::string>& namespace_paths);
/// Lines for `ip -batch -` in the namespace of a node.
[[nodiscard]] std::string node_commands(const Endpoint& endpoint);

}  // namespace ordeal::env
