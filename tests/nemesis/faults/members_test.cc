// The faults that are asked of the cluster itself: leadership and membership.

#include "nemesis/faults/members.h"

#include "common/prng.h"
#include "nemesis/faults/describe.h"
#include "nemesis/faults/transfer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

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
}

TEST(Transfer, TakesOnlyATargetThatIsOneNodeAndMayTakeOver) {
  for (const char* target : {"", "one", "follower", "n3"})
    EXPECT_TRUE(Transfer().check({"transfer", "", target}, 3).ok()) << target;
  for (const char* target : {"leader", "minority", "majority", "all", "n1,n3"}) {
    const Status status = Transfer().check({"transfer", "", target}, 3);
    ASSERT_FALSE(status.ok()) << target;
    EXPECT_THAT(status.error().message,
                HasSubstr("takes follower, one, that-node after a when, or the name of one node"));
  }
}

TEST(Transfer, NeedsSomebodyToHandOverTo) {
  for (const char* target : {"", "one", "n1"}) {
    const Status status = Transfer().check({"transfer", "", target}, 1);
    ASSERT_FALSE(status.ok()) << target;
    EXPECT_THAT(status.error().message, HasSubstr("at least 2 nodes"));
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
  EXPECT_THAT(removed.removed, ElementsAre(NodeId(2)));
  const auto demoted = std::get<MembersFault>(choose(Members(), {"members", "demote", "n1,n3"}));
  EXPECT_THAT(demoted.voters, ElementsAre(NodeId(2)));
  EXPECT_THAT(demoted.learners, ElementsAre(NodeId(1), NodeId(3)));
}

TEST(Members, SaysWhomItStrikesInTheHistoryAndInWords) {
  const FaultSpec removed = choose(Members(), {"members", "remove", "leader"});
  EXPECT_EQ(describe(removed), "remove n2");
  EXPECT_EQ(to_text(to_value(removed)),
            R"({kind: "members", learners: [], nodes: ["n2"], shape: "remove", voters: ["n1" "n3"]})");
  const FaultSpec demoted = choose(Members(), {"members", "demote", "n1,n3"});
  EXPECT_EQ(describe(demoted), "demote n1,n3");
  EXPECT_EQ(
      to_text(to_value(demoted)),
      R"({kind: "members", learners: ["n1" "n3"], nodes: ["n1" "n3"], shape: "demote", voters: ["n2"]})");
}

TEST(Members, KeepsAVoter) {
  EXPECT_THAT(Members().check({"members", "remove", "all"}, 3).error().message,
              HasSubstr("a voter that stays"));
}

TEST(CombineMembers, WithoutFaultsEverybodyVotes) {
  EXPECT_EQ(combine_members({NodeId(1), NodeId(2)}, {}), (Membership{{NodeId(1), NodeId(2)}, {}}));
}

TEST(CombineMembers, OverlappingFaultsAllHold) {
  const MembersFault without_n1{{NodeId(2), NodeId(3)}, {}};
  const MembersFault demoted_n1{{NodeId(2), NodeId(3)}, {NodeId(1)}};
  const MembersFault demoted_n2{{NodeId(1), NodeId(3)}, {NodeId(2)}};
  const MembersFault without_n3{{NodeId(1), NodeId(2)}, {}};
  EXPECT_EQ(combine_members({NodeId(1), NodeId(2), NodeId(3)}, {demoted_n1, without_n1}),
            (Membership{{NodeId(2), NodeId(3)}, {}}));
  EXPECT_EQ(combine_members({NodeId(1), NodeId(2), NodeId(3)}, {demoted_n2, demoted_n1}),
            (Membership{{NodeId(3)}, {NodeId(1), NodeId(2)}}));
  EXPECT_THAT(combine_members({NodeId(1), NodeId(2), NodeId(3)}, {without_n1, demoted_n2, without_n3}).voters,
              IsEmpty());
}

// The naive twin: what each fault says of a node, one node at a time; the order of faults does not matter.
TEST(CombineMembers, DoesAsOneNodeAtATimeWould) {
  enum Standing { kVoter, kLearner, kGone };
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    std::vector<NodeId> nodes;
    for (std::uint32_t n = 1; n <= 5; ++n) nodes.emplace_back(n);
    std::vector<Standing> worst(nodes.size(), kVoter);
    std::vector<MembersFault> faults(rng.below(4));
    for (MembersFault& fault : faults) {
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto standing = static_cast<Standing>(rng.below(3));
        if (standing == kVoter) fault.voters.push_back(nodes[i]);
        if (standing == kLearner) fault.learners.push_back(nodes[i]);
        worst[i] = std::max(worst[i], standing);
      }
    }
    Membership expected;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (worst[i] == kVoter) expected.voters.push_back(nodes[i]);
      if (worst[i] == kLearner) expected.learners.push_back(nodes[i]);
    }
    EXPECT_EQ(combine_members(nodes, faults), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ordeal
