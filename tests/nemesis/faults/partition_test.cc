#include "nemesis/faults/partition.h"

#include "nemesis/faults/catalog.h"
#include "nemesis/faults/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace ordeal {
namespace {

using ::testing::HasSubstr;

ClusterView cluster(std::uint32_t nodes, std::uint32_t leader) {
  ClusterView view;
  for (std::uint32_t i = 1; i <= nodes; ++i) view.nodes.emplace_back(i);
  view.leader = NodeId(leader);
  return view;
}

std::vector<Cut> cuts_of(const std::string& shape, const std::string& target, const ClusterView& view,
                         std::uint64_t seed) {
  Rng rng(seed);
  const auto spec = Partition().choose({"partition", shape, target}, view, rng);
  EXPECT_TRUE(spec.ok()) << (spec.ok() ? "" : spec.error().message);
  return spec.ok() ? std::get<PartitionFault>(*spec).cuts : std::vector<Cut>{};
}

bool cut(const std::vector<Cut>& cuts, std::uint32_t from, std::uint32_t to) {
  return std::binary_search(cuts.begin(), cuts.end(), Cut{NodeId(from), NodeId(to)});
}

/// Whom each node hears, itself included.
std::map<NodeId, std::set<NodeId>> hears(const std::vector<Cut>& cuts, const ClusterView& view) {
  std::map<NodeId, std::set<NodeId>> heard;
  for (const NodeId to : view.nodes) {
    for (const NodeId from : view.nodes) {
      if (!std::binary_search(cuts.begin(), cuts.end(), Cut{from, to})) heard[to].insert(from);
    }
  }
  return heard;
}

TEST(Partition, IsolateOneCutsTheLeaderFromAllOthersBothWays) {
  const auto cuts = cuts_of("isolate-one", "leader", cluster(5, 2), 1);
  EXPECT_EQ(cuts.size(), 8U);
  for (const std::uint32_t other : {1U, 3U, 4U, 5U}) {
    EXPECT_TRUE(cut(cuts, 2, other));
    EXPECT_TRUE(cut(cuts, other, 2));
  }
}

TEST(Partition, HalvesPutTheTargetIntoAMinority) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const ClusterView view = cluster(5, 4);
    const auto heard = hears(cuts_of("halves", "leader", view, seed), view);
    EXPECT_EQ(heard.at(NodeId(4)).size(), 2U) << seed;
    for (const auto& [node, set] : heard) {
      for (const NodeId other : set) EXPECT_EQ(heard.at(other), set) << "two sides, seed " << seed;
    }
  }
}

TEST(Partition, HalvesTakeNamesAsOneSide) {
  const ClusterView view = cluster(5, 1);
  const auto heard = hears(cuts_of("halves", "n1,n2,n3", view, 1), view);
  EXPECT_EQ(heard.at(NodeId(1)), (std::set{NodeId(1), NodeId(2), NodeId(3)}));
  EXPECT_EQ(heard.at(NodeId(5)), (std::set{NodeId(4), NodeId(5)}));
}

// Jepsen, nemesis/majorities-ring: every node sees a majority, no two see the same one.
TEST(Partition, MajorityRingGivesEveryNodeAMajorityOfItsOwn) {
  for (std::uint32_t nodes = 4; nodes <= 9; ++nodes) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      const ClusterView view = cluster(nodes, 1);
      const auto cuts = cuts_of("majority-ring", "", view, seed);
      EXPECT_FALSE(cuts.empty());
      std::set<std::set<NodeId>> majorities;
      for (const auto& [node, set] : hears(cuts, view)) {
        EXPECT_GE(set.size(), majority_size(nodes)) << nodes << " nodes, seed " << seed;
        majorities.insert(set);
      }
      EXPECT_EQ(majorities.size(), nodes) << nodes << " nodes, seed " << seed;
    }
  }
}

TEST(Partition, BridgeIsTheOnlyNodeThatBothSidesSee) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const ClusterView view = cluster(5, 3);
    const auto heard = hears(cuts_of("bridge", "leader", view, seed), view);
    EXPECT_EQ(heard.at(NodeId(3)).size(), 5U) << seed;
    for (const std::uint32_t node : {1U, 2U, 4U, 5U}) EXPECT_EQ(heard.at(NodeId(node)).size(), 3U) << seed;
  }
}

TEST(Partition, OneWayCutsOneDirectionAndEitherAtSomeTime) {
  std::set<bool> from_target;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto cuts = cuts_of("one-way", "leader", cluster(5, 2), seed);
    ASSERT_EQ(cuts.size(), 4U) << seed;
    const bool out = cuts.front().from == NodeId(2);
    from_target.insert(out);
    for (const Cut& one : cuts) EXPECT_EQ(out ? one.from : one.to, NodeId(2)) << seed;
  }
  EXPECT_EQ(from_target.size(), 2U);
}

TEST(Partition, EveryShapeGivesSortedPairsWithoutRepeatsOrSelves) {
  for (const std::string_view shape : Partition().shapes()) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const auto cuts = cuts_of(std::string(shape), "", cluster(5, 2), seed);
      EXPECT_FALSE(cuts.empty()) << shape << " seed " << seed;
      EXPECT_TRUE(std::is_sorted(cuts.begin(), cuts.end())) << shape << " seed " << seed;
      EXPECT_EQ(std::adjacent_find(cuts.begin(), cuts.end()), cuts.end()) << shape << " seed " << seed;
      for (const Cut& one : cuts) EXPECT_NE(one.from, one.to) << shape << " seed " << seed;
    }
  }
}

TEST(Partition, RefusesWhatDoesNotFitAndSaysWhatDoes) {
  const auto refusal = [](FaultRequest request, std::uint32_t nodes) {
    const Status status = check_fault(request, nodes);
    return status.ok() ? std::string("accepted") : status.error().message;
  };
  EXPECT_EQ(refusal({"partition", "third", ""}, 5),
            "unknown shape 'third'; allowed: isolate-one, halves, majority-ring, bridge, one-way, random");
  EXPECT_EQ(refusal({"partition", "isolate-one", "majority"}, 5),
            "shape isolate-one does not take target 'majority'; allowed: leader, follower, one, or one node "
            "such as n1");
  EXPECT_THAT(refusal({"partition", "isolate-one", "n1,n2"}, 5), HasSubstr("or one node such as n1"));
  EXPECT_EQ(refusal({"partition", "majority-ring", "leader"}, 5), "shape majority-ring takes no target");
  EXPECT_EQ(refusal({"partition", "majority-ring", ""}, 3),
            "shape majority-ring needs at least 4 nodes, not 3");
  EXPECT_THAT(refusal({"partition", "halves", "n1,n2,n3"}, 3), HasSubstr("is the whole cluster"));
  EXPECT_EQ(refusal({"quake", "", ""}, 5),
            "unknown fault 'quake'; allowed: partition, kill, pause, power, clock, packets, disk, transfer, "
            "members");
}

TEST(Partition, WithoutAKnownLeaderIsUnavailableForNow) {
  Rng rng(1);
  const auto spec = Partition().choose({"partition", "isolate-one", "leader"}, cluster(5, 0), rng);
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace ordeal
