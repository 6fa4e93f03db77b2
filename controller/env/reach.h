#pragma once
// The ordered-pair matrix: which node's datagrams reach which other node, over IPv4 and over IPv6, compared
// with what the partitions in force should cut. Both directions and both families count by themselves: a rule
// that forgot IPv6 is a leak that a test of one family would call a partition.

#include "common/environment.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ordeal::env {

struct Arrived {
  std::uint32_t ipv4 = 0;
  std::uint32_t ipv6 = 0;

  friend bool operator==(const Arrived&, const Arrived&) = default;
};

/// Datagrams that arrived, by ordered pair. A pair that is missing was not measured.
using ReachMatrix = std::map<Cut, Arrived>;

struct ReachExpectation {
  std::vector<NodeId> nodes;
  std::set<Cut> cut;      ///< nothing may arrive
  std::set<Cut> unknown;  ///< on its way in or out: either is right
};

/// One sentence per pair that is not as expected, in order of pairs; empty: exactly as expected.
[[nodiscard]] std::vector<std::string> differences(const ReachMatrix& matrix,
                                                   const ReachExpectation& expectation);

/// For the history: {pairs: 20, cut: [["n1" "n2"] ...]} with the pairs over which nothing arrived.
[[nodiscard]] Value to_value(const ReachMatrix& matrix);

}  // namespace ordeal::env
