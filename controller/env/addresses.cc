#include "controller/env/addresses.h"

#include "common/check.h"

#include <fmt/format.h>

namespace ordeal::env {
namespace {

constexpr std::uint32_t kControllerHost = 254;

// IPv6: fd, then "ordeal" in ASCII, as a unique local prefix (RFC 4193).
std::string ipv4_of(std::uint32_t host) {
  return fmt::format("10.118.0.{}", host);
}
std::string ipv6_of(std::uint32_t host) {
  return fmt::format("fd6f:7264:6561:6c::{:x}", host);
}

}  // namespace

std::string Endpoint::api_url() const {
  return fmt::format("http://{}:{}", ipv4, api_port);
}

std::string Endpoint::agent_url() const {
  return fmt::format("http://{}:{}", ipv4, agent_port);
}

std::vector<Endpoint> plan_endpoints(std::uint32_t nodes) {
  ORDEAL_CHECK(nodes >= 1);
  ORDEAL_CHECK(nodes <= kNodesMax);
  std::vector<Endpoint> endpoints;
  for (std::uint32_t i = 1; i <= nodes; ++i) {
    endpoints.push_back({NodeId(i), ipv4_of(i), ipv6_of(i), 8000, 8001, 7000});
  }
  return endpoints;
}

std::string bridge_commands(const std::vector<Endpoint>& endpoints,
                            const std::vector<std::string>& namespace_paths) {
  ORDEAL_CHECK(endpoints.size() == namespace_paths.size());
  // nodad: duplicate address detection would hold every address back for a second.
  std::string text = fmt::format(
      "link set lo up\n"
      "link add ordeal0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n"
      "address add {}/24 dev ordeal0\n"
      "address add {}/64 dev ordeal0 nodad\n"
      "link set ordeal0 up\n",
      ipv4_of(kControllerHost), ipv6_of(kControllerHost));
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const std::string veth = fmt::format("veth-{}", node_name(endpoints[i].node));
    text += fmt::format(
        "link add {0} type veth peer name eth0 netns {1}\n"
        "link set {0} master ordeal0\n"
        "link set {0} up\n",
        veth, namespace_paths[i]);
  }
  return text;
}

std::string node_commands(const Endpoint& endpoint) {
  return fmt::format(
      "link set lo up\n"
      "address add {}/24 dev eth0\n"
      "address add {}/64 dev eth0 nodad\n"
      "link set eth0 up\n",
      endpoint.ipv4, endpoint.ipv6);
}

}  // namespace ordeal::env
