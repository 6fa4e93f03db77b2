#pragma once
// The members of the cluster with their addresses, as the command line names them.

#include "common/ids.h"
#include "common/result.h"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::agent {

enum class Family : std::uint8_t { kIpv4, kIpv6 };
inline constexpr std::array kFamilies = {Family::kIpv4, Family::kIpv6};

/// "ipv4", "ipv6".
[[nodiscard]] std::string_view to_text(Family family);

/// Addresses in canonical text, as the kernel's tools print them, in the order given.
struct PeerAddresses {
  std::vector<std::string> ipv4;
  std::vector<std::string> ipv6;

  [[nodiscard]] const std::vector<std::string>& of(Family family) const {
    return family == Family::kIpv4 ? ipv4 : ipv6;
  }
};

using Peers = std::map<NodeId, PeerAddresses>;

/// Reads "n2=10.0.0.2,fd00::2" and adds it. Errors name what is wrong with the text: no name, no address, a
/// loopback, unspecified or multicast address, an address or a name that is already there.
[[nodiscard]] Status add_peer(Peers& peers, std::string_view text);

}  // namespace ordeal::agent
