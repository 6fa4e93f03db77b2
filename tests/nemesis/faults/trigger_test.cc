#include "nemesis/faults/trigger.h"

#include "nemesis/faults/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr NodeId kN1(1);
constexpr NodeId kN2(2);
constexpr NodeId kN3(3);

FaultSchedule schedule_of(FaultTrigger trigger, Duration at = {}) {
  FaultEvent event{at, seconds(1), {"kill", "", std::string(kThatNode)}, std::move(trigger)};
  return {std::nullopt, {event}, seconds(60), 3, Rng(1)};
}

TEST(NodeEvents, EachHasItsOwnNameAndIsFoundByIt) {
  EXPECT_THAT(node_event_kinds(), SizeIs(16));
  for (const NodeEventTraits& kind : node_event_kinds()) {
    EXPECT_EQ(find_node_event(kind.name), kind.kind);
    EXPECT_EQ(&traits(kind.kind), &kind);
    if (kind.core_event.empty()) continue;
    EXPECT_EQ(find_core_event(kind.core_event), kind.kind);
  }
  EXPECT_EQ(find_node_event("leader-fell"), std::nullopt);
  EXPECT_EQ(find_core_event(""), std::nullopt);
}

TEST(FaultTrigger, WaitsForItsKindAndStrikesOnce) {
  FaultSchedule schedule = schedule_of({NodeEventKind::kLeaderElected});
  EXPECT_EQ(schedule.next(), std::nullopt);
  EXPECT_THAT(schedule.take(seconds(50)), IsEmpty());
  schedule.happened({kN2, NodeEventKind::kElectionStarted, "candidate"}, seconds(50));
  EXPECT_THAT(schedule.take(seconds(50)), IsEmpty());
  EXPECT_THAT(schedule.waiting(), SizeIs(1));
  schedule.happened({kN2, NodeEventKind::kLeaderElected, "leader"}, seconds(51));
  EXPECT_EQ(schedule.next(), seconds(51));
  const auto due = schedule.take(seconds(51));
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_EQ(due[0].request.target, "n2") << "that node";
  EXPECT_EQ(due[0].trigger, NodeEventKind::kLeaderElected);
  EXPECT_FALSE(due[0].random);
  EXPECT_THAT(schedule.waiting(), IsEmpty());
  schedule.happened({kN3, NodeEventKind::kLeaderElected, "leader"}, seconds(52));
  EXPECT_THAT(schedule.take(seconds(60)), IsEmpty());
}

TEST(FaultTrigger, CountsFromItsTimeOn) {
  FaultSchedule schedule = schedule_of({NodeEventKind::kLeaderElected, "", 2}, seconds(5));
  schedule.happened({kN1, NodeEventKind::kLeaderElected, "leader"}, seconds(3));
  schedule.happened({kN1, NodeEventKind::kLeaderElected, "leader"}, milliseconds(4999));
  schedule.happened({kN1, NodeEventKind::kLeaderElected, "leader"}, seconds(5));
  EXPECT_EQ(schedule.next(), std::nullopt);
  schedule.happened({kN3, NodeEventKind::kLeaderElected, "leader"}, seconds(6));
  const auto due = schedule.take(seconds(6));
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_EQ(due[0].request.target, "n3");
}

TEST(FaultTrigger, StrikesLaterWhenToldSo) {
  FaultSchedule schedule = schedule_of({NodeEventKind::kLeaderElected, "", 1, milliseconds(250)});
  schedule.happened({kN1, NodeEventKind::kLeaderElected, "leader"}, seconds(3));
  EXPECT_EQ(schedule.next(), milliseconds(3250));
  EXPECT_THAT(schedule.take(milliseconds(3249)), IsEmpty());
  EXPECT_THAT(schedule.take(milliseconds(3250)), SizeIs(1));
}

TEST(FaultTrigger, LooksAtTheNodeOrItsRole) {
  const NodeEvent at_leader{kN1, NodeEventKind::kBeforeSync, "leader"};
  const NodeEvent at_follower{kN3, NodeEventKind::kBeforeSync, "follower"};
  const auto matches = [](std::string node, const NodeEvent& event) {
    return FaultTrigger{NodeEventKind::kBeforeSync, std::move(node)}.matches(event);
  };
  EXPECT_TRUE(matches("", at_leader));
  EXPECT_TRUE(matches("leader", at_leader));
  EXPECT_FALSE(matches("leader", at_follower));
  EXPECT_TRUE(matches("follower", at_follower));
  EXPECT_TRUE(matches("n2,n3", at_follower));
  EXPECT_FALSE(matches("n2,n3", at_leader));
}

TEST(FaultTrigger, ARoleIsForKindsThatSeveralRolesHave) {
  const auto refusal = [](NodeEventKind kind, std::string node) {
    const Status status = check_trigger_node({kind, std::move(node)}, 3);
    return status.ok() ? std::string() : status.error().message;
  };
  EXPECT_EQ(refusal(NodeEventKind::kBeforeSync, "follower"), "");
  EXPECT_EQ(refusal(NodeEventKind::kLeaderElected, "n1,n3"), "");
  EXPECT_EQ(refusal(NodeEventKind::kLeaderElected, "follower"),
            "is 'follower'; leader-elected allows: nodes of n1 to n3 such as n1,n3");
  EXPECT_EQ(
      refusal(NodeEventKind::kBeforeSync, "minority"),
      "is 'minority'; before-sync allows: leader, follower, candidate, learner, or nodes of n1 to n3 such "
      "as n1,n3");
  EXPECT_THAT(refusal(NodeEventKind::kBeforeSync, "n4"), HasSubstr("is 'n4'"));
}

}  // namespace
}  // namespace ordeal
