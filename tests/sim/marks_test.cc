// Each coverage mark is reached by the schedule that it names, and not by the one that looks most like it.

#include "sim/marks.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace ordeal::sim {
namespace {

constexpr NodeId kOne(1);
constexpr NodeId kTwo(2);
constexpr NodeId kThree(3);

/// What happened to a cluster of three, written as short as a test needs it.
struct Story : Marks {
  Story() : Marks(3) {}
  void event(NodeId node, std::string_view name, std::uint64_t term = 1, bool joint = false) {
    happened(node, name, Term(term), joint);
  }
  struct Stand {
    bool leader = false;
    std::uint64_t commit = 0;
    std::uint64_t durable = 0;
    std::uint64_t term = 1;
    NodeId vote{};
  };
  void stands(NodeId node, const Stand& how) {
    raft::Standing standing;
    standing.leader = how.leader;
    standing.term = Term(how.term);
    standing.vote = how.vote;
    standing.commit = LogIndex(how.commit);
    standing.durable = LogIndex(how.durable);
    stepped(node, standing);
  }
  void elect(NodeId node, bool joint = false) { event(node, "became-leader", 1, joint); }
};

struct Case {
  Mark mark;
  std::function<void(Story&)> reaches;
  std::function<void(Story&)> looks_alike;
};

void snapshot_across(Story& story, bool change_before, bool change_meanwhile) {
  story.elect(kOne);
  if (change_before) story.elect(kTwo);
  story.event(kThree, "snapshot-started");
  if (change_meanwhile) story.elect(change_before ? kOne : kTwo);
  story.event(kThree, "snapshot-installed");
}

void votes_against_leader(Story& story, bool paused) {
  story.elect(kOne);
  story.stands(kOne, {.leader = true});
  if (paused) story.paused(kOne, true);
  story.stands(kThree, {.term = 2, .vote = kTwo});
}

/// A write that ends like this, and a read after it that returns its value.
History write_then_read(OpType how, std::uint64_t attempt) {
  History history(4);
  for (std::size_t i = 0; i < history.size(); ++i) {
    history[i].index = static_cast<std::int64_t>(i);
    history[i].process = ProcessId(i < 2 ? 0 : 1);
    history[i].f = i < 2 ? "write" : "read";
    history[i].key = "r1";
  }
  history[0].value = "0-1";
  history[1].type = how;
  history[1].attempt = attempt;
  history[3].type = OpType::kOk;
  history[3].value = "0-1";
  return history;
}

std::vector<Case> cases() {
  return {
      {Mark::kLeaderReplaced, [](Story& s) { s.elect(kOne), s.elect(kTwo); },
       [](Story& s) { s.elect(kOne), s.elect(kOne); }},
      {Mark::kVoteSplit,
       [](Story& s) { s.event(kOne, "election-started", 4), s.event(kTwo, "election-started", 4); },
       [](Story& s) {
         s.event(kOne, "election-started", 4), s.event(kTwo, "election-started", 5),
             s.event(kOne, "election-started", 4);
       }},
      {Mark::kLeaderSteppedDown, [](Story& s) { s.elect(kOne), s.event(kOne, "stepped-down"); },
       [](Story& s) { s.elect(kOne), s.crashed(kOne, 0); }},
      {Mark::kLeaderCrashed, [](Story& s) { s.elect(kOne), s.crashed(kOne, 0); },
       [](Story& s) { s.elect(kOne), s.elect(kTwo), s.crashed(kOne, 0); }},
      {Mark::kQuorumCrashed, [](Story& s) { s.crashed(kOne, 0), s.crashed(kTwo, 0); },
       [](Story& s) { s.crashed(kOne, 0), s.started(kOne), s.crashed(kTwo, 0), s.crashed(kTwo, 0); }},
      {Mark::kPausedLeaderDeposed, [](Story& s) { s.elect(kOne), s.paused(kOne, true), s.elect(kTwo); },
       [](Story& s) { s.elect(kOne), s.paused(kOne, true), s.resumed(kOne), s.elect(kTwo); }},
      {Mark::kPowerTookWrites, [](Story& s) { s.crashed(kOne, 1); }, [](Story& s) { s.crashed(kOne, 0); }},
      {Mark::kDivergentTailCut, [](Story& s) { s.event(kOne, "log-cut"); },
       [](Story& s) { s.event(kOne, "log-compacted"); }},
      {Mark::kSnapshotInstalled, [](Story& s) { s.event(kOne, "snapshot-installed"); },
       [](Story& s) { s.event(kOne, "snapshot-started"); }},
      {Mark::kSnapshotAcrossLeaders, [](Story& s) { snapshot_across(s, false, true); },
       [](Story& s) { snapshot_across(s, true, false); }},
      {Mark::kMembersChanged, [](Story& s) { s.event(kOne, "membership"); }, [](Story& s) { s.elect(kOne); }},
      {Mark::kElectedInJoint, [](Story& s) { s.elect(kOne, true); },
       [](Story& s) { s.elect(kOne), s.event(kOne, "membership", 1, true); }},
      {Mark::kTransferDone, [](Story& s) { s.elect(kOne), s.event(kOne, "transfer-started"), s.elect(kTwo); },
       [](Story& s) {
         s.elect(kOne), s.event(kOne, "transfer-started"), s.event(kOne, "transfer-abandoned"), s.elect(kTwo);
       }},
      {Mark::kTransferAbandoned,
       [](Story& s) { s.event(kOne, "transfer-started"), s.event(kOne, "transfer-abandoned"); },
       [](Story& s) { s.elect(kOne), s.event(kOne, "transfer-started"), s.elect(kTwo); }},
      {Mark::kSyncErrorEndedNode, [](Story& s) { s.event(kOne, "process-ended"); },
       [](Story& s) { s.event(kOne, "data-refused"), s.crashed(kOne, 0); }},
      {Mark::kCommittedBeforeOwnDisk,
       [](Story& s) { s.stands(kOne, {.leader = true, .commit = 3, .durable = 2}); },
       [](Story& s) {
         s.stands(kOne, {.leader = true, .commit = 3, .durable = 3}),
             s.stands(kTwo, {.commit = 3, .durable = 2});
       }},
      {Mark::kCommittedBeforeOthersKnew, [](Story& s) { s.stands(kOne, {.leader = true, .commit = 3}); },
       [](Story& s) { s.stands(kTwo, {.commit = 3}), s.stands(kOne, {.leader = true, .commit = 3}); }},
      {Mark::kCommitForgotten, [](Story& s) { s.stands(kOne, {.commit = 3}), s.stands(kOne, {.commit = 2}); },
       [](Story& s) { s.stands(kOne, {.commit = 3}), s.stands(kOne, {.commit = 3, .durable = 1}); }},
      {Mark::kVoteAgainstLeader, [](Story& s) { votes_against_leader(s, false); },
       [](Story& s) { votes_against_leader(s, true); }},
      {Mark::kRetriedWrite, [](Story& s) { s.recorded(write_then_read(OpType::kOk, 2)); },
       [](Story& s) {
         s.recorded(write_then_read(OpType::kOk, 1)), s.recorded(write_then_read(OpType::kInfo, 2));
       }},
      {Mark::kLateWrite, [](Story& s) { s.recorded(write_then_read(OpType::kInfo, 1)); },
       [](Story& s) { s.recorded(write_then_read(OpType::kOk, 1)); }},
  };
}

TEST(Marks, AreReachedByWhatTheyNameAndNotByWhatLooksAlike) {
  const std::vector<Case> all = cases();
  ASSERT_EQ(all.size(), kMarkCount);
  for (std::size_t i = 0; i < kMarkCount; ++i) {
    ASSERT_EQ(static_cast<std::size_t>(all[i].mark), i);
    SCOPED_TRACE(std::string(to_text(all[i].mark)));
    Story reaching;
    EXPECT_FALSE(reaching.reached(all[i].mark)) << "before anything happened";
    all[i].reaches(reaching);
    EXPECT_TRUE(reaching.reached(all[i].mark));
    Story other;
    all[i].looks_alike(other);
    EXPECT_FALSE(other.reached(all[i].mark));
  }
}

}  // namespace
}  // namespace ordeal::sim
