#include "nemesis/agent/probe_table.h"

#include "common/check.h"
#include "common/codec.h"

#include <algorithm>
#include <utility>

namespace ordeal::agent {
namespace {

constexpr std::string_view kMagic = "ORDP";
constexpr std::uint8_t kVersion = 1;

}  // namespace

Bytes encode(const ProbeDatagram& datagram) {
  Encoder out;
  out.raw(kMagic);
  out.u8(kVersion);
  out.u8(static_cast<std::uint8_t>(datagram.type));
  out.u32(datagram.sender.value());
  out.u64(datagram.nonce);
  out.u32(datagram.number);
  return std::move(out).take();
}

std::optional<ProbeDatagram> decode(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return std::nullopt;
  Decoder in(bytes.substr(kMagic.size()));
  if (in.u8() != kVersion) return std::nullopt;
  const std::uint8_t type = in.u8();
  ProbeDatagram datagram;
  datagram.sender = NodeId(in.u32());
  datagram.nonce = in.u64();
  datagram.number = in.u32();
  if (!in.finished()) return std::nullopt;
  if (type == static_cast<std::uint8_t>(ProbeType::kProbe) && datagram.number < kSequenceMax) return datagram;
  datagram.type = ProbeType::kRequest;
  if (type == static_cast<std::uint8_t>(ProbeType::kRequest) && datagram.number <= kReachCountMax)
    return datagram;
  return std::nullopt;
}

ProbeTable::ProbeTable(const Peers& peers, NodeId self) {
  const PeerAddresses& own = peers.at(self);
  for (const auto& [node, addresses] : peers) {
    if (node == self) continue;
    auto& families = links_[node];
    for (const Family family : kFamilies) {
      if (!own.of(family).empty() && !addresses.of(family).empty()) families.push_back(family);
    }
  }
}

void ProbeTable::record(std::uint64_t nonce, NodeId from, Family family, std::uint32_t sequence) {
  ORDEAL_CHECK(sequence < kSequenceMax);
  if (seen_.count(nonce) == 0) {
    order_.push_back(nonce);
    if (order_.size() > kNoncesMax) {
      seen_.erase(order_.front());
      order_.pop_front();
    }
  }
  std::vector<bool>& seen = seen_[nonce][{from, family}];
  if (seen.size() <= sequence) seen.resize(sequence + 1);
  seen[sequence] = true;
}

Arrivals ProbeTable::arrivals(std::uint64_t nonce) const {
  Arrivals arrivals;
  const auto found = seen_.find(nonce);
  for (const auto& [node, families] : links_) {
    auto& counts = arrivals[node];
    for (const Family family : families) {
      counts[family] = 0;
      if (found == seen_.end()) continue;
      const auto seen = found->second.find({node, family});
      if (seen == found->second.end()) continue;
      counts[family] = static_cast<std::uint64_t>(std::count(seen->second.begin(), seen->second.end(), true));
    }
  }
  return arrivals;
}

bool ProbeTable::satisfies(std::uint64_t nonce, const Expectation& expectation) const {
  const Arrivals arrived = arrivals(nonce);
  return std::all_of(expectation.from.begin(), expectation.from.end(), [&](NodeId node) {
    const auto& counts = arrived.at(node);
    return std::all_of(counts.begin(), counts.end(),
                       [&](const auto& count) { return count.second >= expectation.count; });
  });
}

}  // namespace ordeal::agent
