#pragma once
// Which probe datagrams have arrived: distinct ones per nonce, peer and family, in bounded memory. The
// datagram's own form is here too. No sockets; see probe_port.h.

#include "common/ids.h"
#include "common/time.h"
#include "nemesis/agent/peers.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::agent {

inline constexpr std::size_t kNoncesMax = 64;         ///< the oldest is forgotten first
inline constexpr std::uint32_t kSequenceMax = 1'000;  ///< datagrams of one nonce, peer and family
inline constexpr std::uint32_t kReachCountMax = 100;  ///< datagrams that one request may ask of a peer

enum class ProbeType : std::uint8_t {
  kProbe = 1,    ///< counts by itself
  kRequest = 2,  ///< asks for `number` probes in return
};

struct ProbeDatagram {
  ProbeType type = ProbeType::kProbe;
  NodeId sender;
  std::uint64_t nonce = 0;
  std::uint32_t number = 0;  ///< sequence from 0, or how many are asked for

  friend bool operator==(const ProbeDatagram&, const ProbeDatagram&) = default;
};

[[nodiscard]] Bytes encode(const ProbeDatagram& datagram);
/// None: not such a datagram, or a number beyond the bounds.
[[nodiscard]] std::optional<ProbeDatagram> decode(std::string_view bytes);

/// Per peer, in each family that both ends have: distinct datagrams.
using Arrivals = std::map<NodeId, std::map<Family, std::uint64_t>>;

/// When a collect is over: `count` from each peer of `from` in each family have come and `settle` has passed
/// since, or `timeout` has passed.
struct Expectation {
  std::set<NodeId> from;
  std::uint32_t count = 0;
  Duration timeout;
  Duration settle;
};

class ProbeTable {
 public:
  /// `peers` includes this node itself, which is not probed.
  ProbeTable(const Peers& peers, NodeId self);

  /// Requires: datagram.number < kSequenceMax.
  void record(std::uint64_t nonce, NodeId from, Family family, std::uint32_t sequence);
  /// Zeros for what did not arrive.
  [[nodiscard]] Arrivals arrivals(std::uint64_t nonce) const;
  [[nodiscard]] bool satisfies(std::uint64_t nonce, const Expectation& expectation) const;

  /// Families in which this node can exchange datagrams with a peer.
  [[nodiscard]] const std::map<NodeId, std::vector<Family>>& links() const { return links_; }

 private:
  using Seen = std::map<std::pair<NodeId, Family>, std::vector<bool>>;

  std::map<NodeId, std::vector<Family>> links_;
  std::map<std::uint64_t, Seen> seen_;
  std::deque<std::uint64_t> order_;  ///< nonces by first arrival
};

}  // namespace ordeal::agent
