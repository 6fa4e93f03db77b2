#pragma once
// Where nodes are: what `--listen` and `--peer` say.

#include "common/ids.h"
#include "common/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ordeal::host {

struct Address {
  std::string host;  ///< an IP address (IPv6 without brackets) or a name
  std::uint16_t port = 0;

  friend bool operator==(const Address&, const Address&) = default;
};

/// "10.0.0.1:8000", "[::1]:8000", "node-1.nodes:8000".
[[nodiscard]] Result<Address> parse_address(std::string_view text);
[[nodiscard]] std::string to_text(const Address& address);

struct PeerAddress {
  NodeId node;
  Address peer;  ///< where its peers reach it
  Address api;   ///< where its clients reach it
};
using Peers = std::map<NodeId, PeerAddress>;

/// "n1=10.0.0.1:9000/10.0.0.1:8000".
[[nodiscard]] Result<PeerAddress> parse_peer(std::string_view text);

}  // namespace ordeal::host
