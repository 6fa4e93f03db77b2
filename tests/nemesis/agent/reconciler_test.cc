#include "nemesis/agent/reconciler.h"

#include "common/prng.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr MonotonicTime at(std::int64_t second) {
  return MonotonicTime(second * 1'000'000'000);
}

FaultBody partition(std::set<NodeId> from) {
  return {FaultKind::kPartition, std::move(from)};
}
const FaultBody kKill{FaultKind::kKill, {}};
const FaultBody kPause{FaultKind::kPause, {}};
constexpr NodeId kTwo{2};
constexpr NodeId kThree{3};

Reconciler::Change put(Reconciler& reconciler, const std::string& fault, const FaultBody& body,
                       MonotonicTime deadline) {
  const auto change = reconciler.put(fault, body, deadline);
  EXPECT_TRUE(change.ok());
  return change.ok() ? *change : Reconciler::Change::kNew;
}

TEST(Reconciler, SameBodyRenewsAndOtherBodyReplaces) {
  Reconciler reconciler;
  EXPECT_EQ(put(reconciler, "a", partition({kTwo}), at(10)), Reconciler::Change::kNew);
  EXPECT_EQ(put(reconciler, "a", partition({kTwo}), at(20)), Reconciler::Change::kRenewed);
  EXPECT_EQ(reconciler.target().drops, (std::vector<DropRule>{{kTwo, "a", at(20)}}));
  EXPECT_EQ(put(reconciler, "a", partition({kThree}), at(20)), Reconciler::Change::kReplaced);
  EXPECT_EQ(reconciler.target().drops, (std::vector<DropRule>{{kThree, "a", at(20)}}));
  EXPECT_EQ(put(reconciler, "a", kKill, at(20)), Reconciler::Change::kReplaced);
  EXPECT_THAT(reconciler.target().drops, IsEmpty());
  EXPECT_EQ(reconciler.target().replica, ReplicaTarget::kDead);
}

TEST(Reconciler, PeerStaysCutWhileAnyPartitionNamesIt) {
  Reconciler reconciler;
  put(reconciler, "a", partition({kTwo, kThree}), at(10));
  put(reconciler, "b", partition({kTwo}), at(20));
  EXPECT_EQ(reconciler.target().drops,
            (std::vector<DropRule>{{kTwo, "a", at(10)}, {kTwo, "b", at(20)}, {kThree, "a", at(10)}}));
  EXPECT_TRUE(reconciler.remove("a"));
  EXPECT_EQ(reconciler.target().drops, (std::vector<DropRule>{{kTwo, "b", at(20)}}));
}

TEST(Reconciler, ReplicaRunsOnlyWhenNoPauseIsLeft) {
  Reconciler reconciler;
  put(reconciler, "a", kPause, at(10));
  put(reconciler, "b", kPause, at(20));
  EXPECT_EQ(reconciler.target().replica_deadline, at(20));
  reconciler.remove("b");
  EXPECT_EQ(reconciler.target().replica, ReplicaTarget::kStopped);
  EXPECT_EQ(reconciler.target().replica_deadline, at(10));
  reconciler.remove("a");
  EXPECT_EQ(reconciler.target().replica, ReplicaTarget::kRunning);
}

TEST(Reconciler, KillOutranksPauseWhicheverCameFirstByName) {
  for (const auto& [kill, pause] : {std::pair{"a", "b"}, std::pair{"b", "a"}}) {
    Reconciler reconciler;
    put(reconciler, pause, kPause, at(10));
    put(reconciler, kill, kKill, at(20));
    EXPECT_EQ(reconciler.target().replica, ReplicaTarget::kDead);
    reconciler.remove(kill);
    EXPECT_EQ(reconciler.target().replica, ReplicaTarget::kStopped);
  }
}

TEST(Reconciler, RefusesPauseOfKilledReplicaAndNamesTheKiller) {
  Reconciler reconciler;
  put(reconciler, "k1", kKill, at(10));
  const auto refused = reconciler.put("p1", kPause, at(10));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("fault k1"));
  EXPECT_EQ(reconciler.faults().size(), 1U);
  // Replacing the kill itself by a pause is no contradiction.
  EXPECT_EQ(put(reconciler, "k1", kPause, at(10)), Reconciler::Change::kReplaced);
}

TEST(Reconciler, ExpiresExactlyAtTheDeadline) {
  Reconciler reconciler;
  put(reconciler, "a", kPause, at(10));
  put(reconciler, "b", partition({kTwo}), at(12));
  EXPECT_EQ(reconciler.next_deadline(), at(10));
  EXPECT_THAT(reconciler.expire(MonotonicTime(at(10).ns() - 1)), IsEmpty());
  EXPECT_THAT(reconciler.expire(at(10)), ElementsAre("a"));
  EXPECT_EQ(reconciler.next_deadline(), at(12));
}

TEST(Reconciler, LeaseRenewsEveryFault) {
  Reconciler reconciler;
  put(reconciler, "a", kPause, at(10));
  put(reconciler, "b", partition({kTwo}), at(12));
  reconciler.renew(at(30));
  EXPECT_THAT(reconciler.expire(at(29)), IsEmpty());
  EXPECT_THAT(reconciler.expire(at(30)), ElementsAre("a", "b"));
}

TEST(Reconciler, PlansNothingForWhatIsInForce) {
  Reconciler reconciler;
  put(reconciler, "a", partition({kTwo}), at(10));
  put(reconciler, "b", kKill, at(10));
  const Target target = reconciler.target();
  EXPECT_THAT(plan_actions(target.drops, target.replica, target), IsEmpty());
}

TEST(Reconciler, RewritesFilterWhenOnlyTheDeadlineChanged) {
  Reconciler reconciler;
  put(reconciler, "a", partition({kTwo}), at(10));
  const auto before = reconciler.target().drops;
  reconciler.renew(at(20));
  EXPECT_THAT(plan_actions(before, ReplicaTarget::kRunning, reconciler.target()),
              ElementsAre(Action::kWriteFilter));
}

TEST(Reconciler, RewritesFilterOfWhichNothingIsKnown) {
  EXPECT_THAT(plan_actions(std::nullopt, ReplicaTarget::kRunning, Target{}),
              ElementsAre(Action::kWriteFilter));
}

TEST(Reconciler, LetsReplicaGoBeforeItIsStruckAgain) {
  Target wanted;
  wanted.replica = ReplicaTarget::kStopped;
  EXPECT_THAT(plan_actions(wanted.drops, ReplicaTarget::kDead, wanted),
              ElementsAre(Action::kStartReplica, Action::kStopReplica));
  wanted.replica = ReplicaTarget::kDead;
  EXPECT_THAT(plan_actions(wanted.drops, ReplicaTarget::kStopped, wanted), ElementsAre(Action::kKillReplica));
  wanted.replica = ReplicaTarget::kRunning;
  EXPECT_THAT(plan_actions(wanted.drops, ReplicaTarget::kStopped, wanted),
              ElementsAre(Action::kContinueReplica));
}

/// A model of the mechanisms: carries actions out and refuses those that make no sense.
struct Machine {
  std::vector<DropRule> drops;
  ReplicaTarget replica = ReplicaTarget::kRunning;

  void carry_out(Action action, const Target& wanted) {
    const auto move = [&](ReplicaTarget from, ReplicaTarget to) {
      EXPECT_EQ(replica, from);
      replica = to;
    };
    switch (action) {
      case Action::kWriteFilter:
        drops = wanted.drops;
        break;
      case Action::kStopReplica:
        move(ReplicaTarget::kRunning, ReplicaTarget::kStopped);
        break;
      case Action::kContinueReplica:
        move(ReplicaTarget::kStopped, ReplicaTarget::kRunning);
        break;
      case Action::kStartReplica:
        move(ReplicaTarget::kDead, ReplicaTarget::kRunning);
        break;
      case Action::kKillReplica:
        EXPECT_NE(replica, ReplicaTarget::kDead);
        replica = ReplicaTarget::kDead;
        break;
    }
  }
};

FaultBody random_body(Rng& rng) {
  switch (rng.below(4)) {
    case 0:
      return kKill;
    case 1:
      return kPause;
    default: {
      std::set<NodeId> from;
      for (std::uint32_t node = 2; node <= 5; ++node) {
        if (rng.chance(1, 2)) from.insert(NodeId(node));
      }
      return partition(from);
    }
  }
}

// The naive twin: what holds for each fault is computed from the set alone, after every step.
TEST(Reconciler, RandomRequestsAlwaysEndInTheUnionOfTheFaults) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    Reconciler reconciler;
    Machine machine;
    std::int64_t now = 0;
    for (int step = 0; step < 60; ++step) {
      const std::string fault(1, static_cast<char>('a' + rng.below(5)));
      now += rng.between(0, 2);
      switch (rng.below(6)) {
        case 0:
          reconciler.remove(fault);
          break;
        case 1:
          reconciler.renew(at(now + 5));
          break;
        case 2:
          static_cast<void>(reconciler.expire(at(now)));
          break;
        default:
          static_cast<void>(reconciler.put(fault, random_body(rng), at(now + 5)).ok());
      }
      const Target wanted = reconciler.target();
      for (const Action action : plan_actions(machine.drops, machine.replica, wanted))
        machine.carry_out(action, wanted);

      std::set<NodeId> cut;
      bool dead = false;
      bool stopped = false;
      for (const auto& [name, entry] : reconciler.faults()) {
        cut.insert(entry.body.drop_from.begin(), entry.body.drop_from.end());
        dead = dead || entry.body.kind == FaultKind::kKill;
        stopped = stopped || entry.body.kind == FaultKind::kPause;
      }
      std::set<NodeId> dropped;
      for (const DropRule& drop : machine.drops) dropped.insert(drop.from);
      EXPECT_EQ(dropped, cut);
      EXPECT_EQ(machine.replica, dead      ? ReplicaTarget::kDead
                                 : stopped ? ReplicaTarget::kStopped
                                           : ReplicaTarget::kRunning);
    }
  }
}

}  // namespace
}  // namespace ordeal::agent
