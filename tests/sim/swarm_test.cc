#include "sim/swarm.h"

#include "nemesis/faults/catalog.h"
#include "nemesis/faults/targets.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace ordeal::sim {
namespace {

TEST(Swarm, DrawsPlansThatAreValidAndReadBackTheSame) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const Plan plan = draw_plan({}, seed);
    const Status status = check_plan(plan);
    ASSERT_TRUE(status.ok()) << "seed " << seed << ": " << status.error().message;
    const auto read = parse_plan(print_plan(plan), "swarm");
    ASSERT_TRUE(read.ok()) << "seed " << seed << ": " << read.error().message;
    ASSERT_EQ(*read, plan) << "seed " << seed;
  }
}

TEST(Swarm, SwitchesFaultsOffAndReachesAllOfThem) {
  std::set<std::string> drawn;
  std::set<std::size_t> kinds_of_a_seed;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::set<std::string> here;
    for (const FaultEvent& event : draw_plan({}, seed).fault_events) here.insert(event.request.fault);
    kinds_of_a_seed.insert(here.size());
    drawn.insert(here.begin(), here.end());
  }
  EXPECT_EQ(drawn.size(), fault_names().size());
  EXPECT_LE(*kinds_of_a_seed.begin(), 2U);
  EXPECT_GE(*kinds_of_a_seed.rbegin(), 7U);
}

// The budget: no protocol that counts on a majority of disks survives a disk that lies and loses power.
TEST(Swarm, NeverLetsADiskLieWhereTheMachineMayLosePower) {
  int lies = 0;
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    bool lie = false;
    bool power = false;
    for (const FaultEvent& event : draw_plan({}, seed).fault_events) {
      lie = lie || event.request.shape == "lie";
      power = power || event.request.fault == "power";
    }
    EXPECT_FALSE(lie && power) << "seed " << seed;
    lies += lie ? 1 : 0;
  }
  EXPECT_GT(lies, 10);
}

TEST(Swarm, Swizzles) {
  int clogs_that_overlap = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::vector<FaultEvent> clogs;
    for (const FaultEvent& event : draw_plan({}, seed).fault_events) {
      if (event.request.shape == "clog" && names_nodes(event.request.target)) clogs.push_back(event);
    }
    for (std::size_t i = 1; i < clogs.size(); ++i)
      clogs_that_overlap += clogs[i].at < clogs[i - 1].at + clogs[i - 1].length ? 1 : 0;
  }
  EXPECT_GT(clogs_that_overlap, 20);
}

TEST(Swarm, IsAFunctionOfItsSeed) {
  EXPECT_EQ(draw_plan({}, 3), draw_plan({}, 3));
  EXPECT_NE(draw_plan({}, 3), draw_plan({}, 4));
}

}  // namespace
}  // namespace ordeal::sim
