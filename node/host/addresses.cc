#include "node/host/addresses.h"

#include <fmt/format.h>

#include <charconv>

namespace ordeal::host {

Result<Address> parse_address(std::string_view text) {
  const Error wrong{ErrorCode::kInvalidArgument,
                    fmt::format("'{}' is no address; write HOST:PORT, for IPv6 [HOST]:PORT", text)};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return wrong;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong;
  }
  Address address{std::string(host), 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return wrong;
  return address;
}

std::string to_text(const Address& address) {
  const bool six = address.host.find(':') != std::string::npos;
  return six ? fmt::format("[{}]:{}", address.host, address.port)
             : fmt::format("{}:{}", address.host, address.port);
}

Result<PeerAddress> parse_peer(std::string_view text) {
  const Error wrong{ErrorCode::kInvalidArgument,
                    fmt::format("'{}' is no peer; write n1=HOST:PEERPORT/HOST:APIPORT", text)};
  const std::size_t equals = text.find('=');
  const std::size_t slash = text.rfind('/');
  if (equals == std::string_view::npos || slash == std::string_view::npos || slash < equals) return wrong;
  PeerAddress peer;
  peer.node = parse_node_name(text.substr(0, equals));
  if (peer.node == kNoNode) return wrong;
  auto for_peers = parse_address(text.substr(equals + 1, slash - equals - 1));
  if (!for_peers.ok()) return for_peers.error();
  auto for_clients = parse_address(text.substr(slash + 1));
  if (!for_clients.ok()) return for_clients.error();
  peer.peer = std::move(*for_peers);
  peer.api = std::move(*for_clients);
  return peer;
}

}  // namespace ordeal::host
