#include "nemesis/faults/describe.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ordeal {
namespace {

TEST(Describe, NamesTheNodesOfKillAndPause) {
  EXPECT_EQ(describe(KillFault{{NodeId(1), NodeId(3)}}), "kill n1,n3");
  EXPECT_EQ(describe(PauseFault{{NodeId(2)}}), "pause n2");
}

TEST(Describe, ShowsTwoSidesWhenTheyAreWhole) {
  PartitionFault fault;
  for (const std::uint32_t other : {1U, 3U}) {
    fault.cuts.push_back({NodeId(2), NodeId(other)});
    fault.cuts.push_back({NodeId(other), NodeId(2)});
  }
  std::sort(fault.cuts.begin(), fault.cuts.end());
  EXPECT_EQ(describe(fault), "partition n1,n3 | n2");
}

TEST(Describe, ShowsPairsWhenOneDirectionIsOpen) {
  EXPECT_EQ(describe(PartitionFault{{{NodeId(1), NodeId(2)}, {NodeId(1), NodeId(3)}}}),
            "partition n1>n2 n1>n3");
}

TEST(Describe, ShortensALongListOfPairs) {
  PartitionFault fault;
  for (std::uint32_t to = 2; to <= 9; ++to) fault.cuts.push_back({NodeId(1), NodeId(to)});
  EXPECT_EQ(describe(fault), "partition n1>n2 n1>n3 n1>n4 n1>n5 n1>n6 n1>n7 and 2 more");
}

}  // namespace
}  // namespace ordeal
