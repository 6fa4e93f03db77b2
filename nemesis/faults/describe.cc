#include "nemesis/faults/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

namespace ordeal {
namespace {

constexpr std::size_t kPairsShownMax = 6;

template <class Range>
std::string names(const Range& nodes) {
  std::vector<std::string> list;
  for (const NodeId node : nodes) list.push_back(node_name(node));
  return fmt::format("{}", fmt::join(list, ","));
}

/// The two sides, when the cuts are exactly all pairs between them in both directions.
std::optional<std::string> two_sides(const std::vector<Cut>& cuts) {
  if (cuts.empty()) return std::nullopt;
  std::set<NodeId> left;
  std::set<NodeId> right;
  for (const Cut& cut : cuts) {
    if (cut.from == cuts.front().from) right.insert(cut.to);
  }
  for (const Cut& cut : cuts) {
    if (!right.contains(cut.from)) left.insert(cut.from);
  }
  for (const NodeId a : left) {
    for (const NodeId b : right) {
      if (!std::binary_search(cuts.begin(), cuts.end(), Cut{a, b})) return std::nullopt;
      if (!std::binary_search(cuts.begin(), cuts.end(), Cut{b, a})) return std::nullopt;
    }
  }
  if (cuts.size() != 2 * left.size() * right.size()) return std::nullopt;
  return fmt::format("{} | {}", names(left), names(right));
}

struct Describe {
  std::string operator()(const PartitionFault& fault) const {
    if (const auto sides = two_sides(fault.cuts)) return "partition " + *sides;
    std::vector<std::string> pairs;
    for (const Cut& cut : fault.cuts) {
      if (pairs.size() == kPairsShownMax) {
        pairs.push_back(fmt::format("and {} more", fault.cuts.size() - kPairsShownMax));
        break;
      }
      pairs.push_back(node_name(cut.from) + ">" + node_name(cut.to));
    }
    return fmt::format("partition {}", fmt::join(pairs, " "));
  }
  std::string operator()(const KillFault& fault) const { return "kill " + names(fault.nodes); }
  std::string operator()(const PauseFault& fault) const { return "pause " + names(fault.nodes); }
  std::string operator()(const PowerFault& fault) const { return "power " + names(fault.nodes); }
  std::string operator()(const ClockFault& fault) const {
    if (fault.rate_ppm == 0)
      return fmt::format("clock {} by {}", names(fault.nodes), to_text(fault.wall_jump));
    return fmt::format("clock {} at {:+} ppm", names(fault.nodes), fault.rate_ppm);
  }
  std::string operator()(const PacketFault& fault) const {
    std::string what;
    if (fault.delay > Duration()) what += " late";
    if (fault.loss > 0) what += fmt::format(" {}% lost", fault.loss);
    if (fault.duplicates > 0) what += fmt::format(" {}% twice", fault.duplicates);
    if (fault.overtaking) what += " overtaking";
    if (fault.bytes_per_second > 0) what += fmt::format(" at {} bytes/s", fault.bytes_per_second);
    if (fault.clogged) what += " stuck";
    return fmt::format("packets on {} links:{}", fault.links.size(), what);
  }
  std::string operator()(const DiskFault& fault) const {
    return fmt::format("disk {} {}", names(fault.nodes),
                       fault.full           ? "full"
                       : fault.failing_sync ? "fails a sync"
                       : fault.lies         ? "lies"
                       : fault.unreadable   ? "unreadable"
                                            : "slow");
  }
  std::string operator()(const TransferFault& fault) const {
    return "transfer to " + node_name(fault.target);
  }
  std::string operator()(const MembersFault& fault) const {
    return fault.learners.empty() ? "remove " + names(fault.removed) : "demote " + names(fault.learners);
  }
};

}  // namespace

std::string describe(const FaultSpec& spec) {
  return std::visit(Describe{}, spec);
}

}  // namespace ordeal
