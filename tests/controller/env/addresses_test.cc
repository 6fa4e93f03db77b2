#include "controller/env/addresses.h"

#include <gtest/gtest.h>

#include <set>

namespace ordeal::env {
namespace {

TEST(Addresses, GiveEveryNodeItsOwnInBothFamilies) {
  const auto endpoints = plan_endpoints(kNodesMax);
  std::set<std::string> seen{"10.118.0.254", "fd6f:7264:6561:6c::fe"};  // the controller's
  for (const Endpoint& endpoint : endpoints) {
    EXPECT_TRUE(seen.insert(endpoint.ipv4).second) << endpoint.ipv4;
    EXPECT_TRUE(seen.insert(endpoint.ipv6).second) << endpoint.ipv6;
  }
  EXPECT_EQ(endpoints[2].node, NodeId(3));
  EXPECT_EQ(endpoints[2].api_url(), "http://10.118.0.3:8000");
  EXPECT_EQ(endpoints[2].agent_url(), "http://10.118.0.3:7000");
  EXPECT_EQ(endpoints[199].ipv6, "fd6f:7264:6561:6c::c8");
}

TEST(Addresses, BuildABridgeWithOneVethPerNode) {
  const auto endpoints = plan_endpoints(2);
  EXPECT_EQ(bridge_commands(endpoints, {"/proc/7/fd/3", "/proc/7/fd/4"}),
            "link set lo up\n"
            "link add ordeal0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n"
            "address add 10.118.0.254/24 dev ordeal0\n"
            "address add fd6f:7264:6561:6c::fe/64 dev ordeal0 nodad\n"
            "link set ordeal0 up\n"
            "link add veth-n1 type veth peer name eth0 netns /proc/7/fd/3\n"
            "link set veth-n1 master ordeal0\n"
            "link set veth-n1 up\n"
            "link add veth-n2 type veth peer name eth0 netns /proc/7/fd/4\n"
            "link set veth-n2 master ordeal0\n"
            "link set veth-n2 up\n");
  EXPECT_EQ(node_commands(endpoints[1]),
            "link set lo up\n"
            "address add 10.118.0.2/24 dev eth0\n"
            "address add fd6f:7264:6561:6c::2/64 dev eth0 nodad\n"
            "link set eth0 up\n");
}

TEST(AddressesDeath, RefuseMoreNodesThanOneSubnetHolds) {
  EXPECT_DEATH((void)plan_endpoints(kNodesMax + 1), "kNodesMax");
}

}  // namespace
}  // namespace ordeal::env
