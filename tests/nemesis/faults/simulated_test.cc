// The faults that only the simulator can do: whom they strike, and with what.

#include "nemesis/faults/catalog.h"
#include "nemesis/faults/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ClusterView three_nodes() {
  return {{NodeId(1), NodeId(2), NodeId(3)}, NodeId(2), {}};
}

FaultSpec choose(const FaultRequest& request) {
  Rng rng(1);
  auto spec = find_fault(request.fault)->choose(request, three_nodes(), rng);
  EXPECT_TRUE(spec.ok()) << (spec.ok() ? "" : spec.error().message);
  return *std::move(spec);
}

std::string refusal(const FaultRequest& request) {
  const Status status = check_fault(request, 3);
  return status.ok() ? "" : status.error().message;
}

TEST(SimulatedFaults, AreMarkedAsSuch) {
  for (const char* name : {"power", "clock", "packets", "disk"})
    EXPECT_TRUE(find_fault(name)->simulated()) << name;
  for (const char* name : {"partition", "kill", "pause", "transfer", "members"})
    EXPECT_FALSE(find_fault(name)->simulated()) << name;
}

TEST(Power, TakesTheTargetDown) {
  const FaultSpec spec = choose({"power", "", "leader"});
  EXPECT_THAT(std::get<PowerFault>(spec).nodes, ElementsAre(NodeId(2)));
  EXPECT_THAT(nodes_down(spec), ElementsAre(NodeId(2)));
  EXPECT_EQ(describe(spec), "power n2");
}

TEST(Clock, JumpsOrRunsWrong) {
  EXPECT_EQ(std::get<ClockFault>(choose({"clock", "jump-back", "one"})).wall_jump, seconds(-30));
  EXPECT_EQ(std::get<ClockFault>(choose({"clock", "freeze", "one"})).rate_ppm, -1'000'000);
  EXPECT_EQ(describe(choose({"clock", "fast", "leader"})), "clock n2 at +20000 ppm");
  EXPECT_THAT(refusal({"clock", "", "one"}),
              HasSubstr("allowed: jump-forward, jump-back, fast, slow, freeze"));
}

TEST(Packets, StrikeEveryLinkOfTheTarget) {
  const auto fault = std::get<PacketFault>(choose({"packets", "loss", "leader"}));
  EXPECT_THAT(fault.links, ElementsAre(Cut{NodeId(1), NodeId(2)}, Cut{NodeId(2), NodeId(1)},
                                       Cut{NodeId(2), NodeId(3)}, Cut{NodeId(3), NodeId(2)}));
  EXPECT_EQ(fault.loss, 30U);
  EXPECT_EQ(std::get<PacketFault>(choose({"packets", "reorder", "all"})).links.size(), 6U);
}

TEST(Packets, AreStuckOrSqueezedThrough) {
  EXPECT_TRUE(std::get<PacketFault>(choose({"packets", "clog", "one"})).clogged);
  EXPECT_GT(std::get<PacketFault>(choose({"packets", "throttle", "one"})).bytes_per_second, 0U);
  EXPECT_EQ(describe(choose({"packets", "clog", "leader"})), "packets on 4 links: stuck");
}

TEST(Disk, IsFullOrSlowOrFails) {
  EXPECT_TRUE(std::get<DiskFault>(choose({"disk", "lie", "one"})).lies);
  EXPECT_TRUE(std::get<DiskFault>(choose({"disk", "unreadable", "one"})).unreadable);
  EXPECT_EQ(describe(choose({"disk", "unreadable", "leader"})), "disk n2 unreadable");
  EXPECT_TRUE(std::get<DiskFault>(choose({"disk", "full", "one"})).full);
  EXPECT_TRUE(std::get<DiskFault>(choose({"disk", "sync-error", "one"})).failing_sync);
  EXPECT_GT(std::get<DiskFault>(choose({"disk", "slow", "one"})).delay, Duration());
  EXPECT_THAT(nodes_down(choose({"disk", "full", "one"})), IsEmpty());
}

TEST(SimulatedFaults, SayWhatTheyAreInTheHistory) {
  EXPECT_EQ(to_text(to_value(choose({"disk", "full", "leader"}))),
            R"({full: true, kind: "disk", nodes: ["n2"]})");
}

}  // namespace
}  // namespace ordeal
