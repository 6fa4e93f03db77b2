#include "nemesis/agent/peers.h"

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace ordeal::agent {
namespace {

Error wrong(std::string_view text, std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("--peer {}: {}", text, why)};
}

bool is_taken(const Peers& peers, const std::string& address) {
  return std::any_of(peers.begin(), peers.end(), [&](const auto& peer) {
    const auto has = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), address) != list.end();
    };
    return has(peer.second.ipv4) || has(peer.second.ipv6);
  });
}

}  // namespace

std::string_view to_text(Family family) {
  return family == Family::kIpv4 ? "ipv4" : "ipv6";
}

Status add_peer(Peers& peers, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos)
    return wrong(text, "write NAME=ADDRESS[,ADDRESS], such as n2=10.0.0.2,fd00::2");
  const NodeId node = parse_node_name(text.substr(0, equals));
  if (node == kNoNode) return wrong(text, "a node's name is n and a number from 1");
  if (peers.count(node) > 0) return wrong(text, "this node is there already");
  PeerAddresses addresses;
  std::string_view rest = text.substr(equals + 1);
  while (true) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string(rest.substr(0, end)), error);
    if (error) return wrong(text, fmt::format("'{}' is no IPv4 or IPv6 address", rest.substr(0, end)));
    if (address.is_loopback() || address.is_unspecified() || address.is_multicast())
      return wrong(text, fmt::format("{} cannot be a peer's address", address.to_string()));
    if (is_taken(peers, address.to_string()))
      return wrong(text, fmt::format("{} belongs to another peer", address.to_string()));
    (address.is_v4() ? addresses.ipv4 : addresses.ipv6).push_back(address.to_string());
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  peers.emplace(node, std::move(addresses));
  return {};
}

}  // namespace ordeal::agent
