// The faults that are asked of the cluster itself: leadership and membership.

#include "nemesis/faults/members.h"

#include "nemesis/faults/describe.h"
#include "nemesis/faults/transfer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

FaultSpec choose(const Fault& fault, const FaultRequest& request) {
  Rng rng(1);
  auto spec = fault.choose(request, {{NodeId(1), NodeId(2), NodeId(3)}, NodeId(2), {}}, rng);
  EXPECT_TRUE(spec.ok()) << (spec.ok() ? "" : spec.error().message);
  return *std::move(spec);
}

TEST(Transfer, NamesOneNode) {
  const FaultSpec spec = choose(Transfer(), {"transfer", "", "follower"});
  EXPECT_NE(std::get<TransferFault>(spec).target, NodeId(2));
  for (const char* target : {"majority", "leader"}) {
    const Status status = Transfer().check({"transfer", "", target}, 3);
    ASSERT_FALSE(status.ok()) << target;
    EXPECT_THAT(status.error().message, HasSubstr("one node for a target: one, follower, or a name"));
  }
}

TEST(Transfer, SaysWhatItIsInTheHistory) {
  const FaultSpec spec = choose(Transfer(), {"transfer", "", "n3"});
  EXPECT_EQ(to_text(to_value(spec)), R"({kind: "transfer", node: "n3"})");
  EXPECT_EQ(describe(spec), "transfer to n3");
}

TEST(Members, LeavesOutOrDemotesTheTarget) {
  const auto removed = std::get<MembersFault>(choose(Members(), {"members", "remove", "leader"}));
  EXPECT_THAT(removed.voters, ElementsAre(NodeId(1), NodeId(3)));
  EXPECT_THAT(removed.learners, IsEmpty());
  const auto demoted = std::get<MembersFault>(choose(Members(), {"members", "demote", "n1,n3"}));
  EXPECT_THAT(demoted.voters, ElementsAre(NodeId(2)));
  EXPECT_THAT(demoted.learners, ElementsAre(NodeId(1), NodeId(3)));
}

TEST(Members, KeepsAVoter) {
  EXPECT_THAT(Members().check({"members", "remove", "all"}, 3).error().message,
              HasSubstr("a voter that stays"));
}

}  // namespace
}  // namespace ordeal
