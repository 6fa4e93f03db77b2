#include "nemesis/faults/kill.h"

#include "nemesis/faults/catalog.h"
#include "nemesis/faults/pause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal {
namespace {

using ::testing::ElementsAre;

ClusterView five_nodes(std::vector<NodeId> down = {}) {
  return {{NodeId(1), NodeId(2), NodeId(3), NodeId(4), NodeId(5)}, NodeId(4), std::move(down)};
}

TEST(Kill, MayStrikeAMajorityOrAll) {
  Rng rng(1);
  EXPECT_EQ(std::get<KillFault>(*Kill().choose({"kill", "", "majority"}, five_nodes(), rng)).nodes.size(),
            3U);
  EXPECT_EQ(std::get<KillFault>(*Kill().choose({"kill", "", "all"}, five_nodes(), rng)).nodes.size(), 5U);
}

TEST(Kill, StrikesOneNodeWhenNoTargetIsGiven) {
  Rng rng(1);
  EXPECT_EQ(std::get<KillFault>(*Kill().choose({"kill", "", ""}, five_nodes(), rng)).nodes.size(), 1U);
}

TEST(Kill, LeavesThoseThatAreDownAlone) {
  Rng rng(1);
  const auto spec = Kill().choose({"kill", "", "all"}, five_nodes({NodeId(2), NodeId(3)}), rng);
  EXPECT_THAT(std::get<KillFault>(*spec).nodes, ElementsAre(NodeId(1), NodeId(4), NodeId(5)));
}

TEST(Pause, StrikesTheLeader) {
  Rng rng(1);
  EXPECT_THAT(std::get<PauseFault>(*Pause().choose({"pause", "", "leader"}, five_nodes(), rng)).nodes,
              ElementsAre(NodeId(4)));
}

TEST(KillAndPause, TakeNoShape) {
  EXPECT_EQ(Kill().check({"kill", "halves", "one"}, 5).error().message, "kill takes no shape");
  EXPECT_EQ(Pause().check({"pause", "halves", "one"}, 5).error().message, "pause takes no shape");
}

TEST(FaultCatalog, FindsEveryFaultByItsName) {
  EXPECT_THAT(fault_names(), ElementsAre("partition", "kill", "pause", "power", "clock", "packets", "disk",
                                         "transfer", "members"));
  for (const std::string_view name : fault_names()) EXPECT_EQ(find_fault(name)->name(), name);
  EXPECT_EQ(find_fault("quake"), nullptr);
}

}  // namespace
}  // namespace ordeal
