// Each planted bug: a schedule that shows what it breaks, and the same schedule without it, which breaks
// nothing. R18 is carried out by the host, which serialises the state.

#include "tests/node/raft/cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace ordeal::raft::testing {
namespace {

bool is_kind(const InFlight& message, std::string_view kind) {
  const std::optional<Message> decoded = decode_message(message.payload);
  return decoded && kind_name(decoded->body) == kind;
}

bool is_between(const InFlight& message, std::uint32_t from, std::uint32_t to) {
  return message.from == NodeId{from} && message.to == NodeId{to};
}

/// Runs a schedule with and without the bug. It returns what went wrong, or "".
void expect_caught(const std::string& plant, const std::string& found, ClusterOptions options,
                   const std::function<std::string(Cluster&)>& schedule) {
  Cluster clean(options);
  EXPECT_EQ(schedule(clean), "") << "without the bug";
  EXPECT_EQ(clean.violation_text(), "") << "without the bug";

  options.plants = {plant};
  Cluster planted(options);
  ASSERT_EQ(planted.host(1).status().plants, std::vector<std::string>{plant});
  ASSERT_FALSE(planted.host(1).events.empty());
  EXPECT_EQ(planted.host(1).events[0].name, "plant-active");
  const std::string wrong = schedule(planted);
  EXPECT_EQ((wrong + planted.violation_text()).substr(0, found.size()), found)
      << wrong << " / " << planted.violation_text();
}

std::string find_lost(Cluster& cluster, std::uint32_t node, LogIndex index, const Bytes& command) {
  const std::map<LogIndex, Bytes> state = cluster.host(node).state();
  const auto found = state.find(index);
  return found != state.end() && found->second == command ? "" : "lost: " + command;
}

/// "stale read" when the request was answered from a state before `index`.
std::string find_stale(Cluster& cluster, std::uint32_t node, RequestId read, LogIndex index) {
  const std::optional<Outcome> outcome = cluster.host(node).outcome(read);
  if (!outcome || outcome->refused) return "";
  return outcome->index < index ? "stale read" : "";
}

/// `candidate` is elected by itself and `voter` alone.
void elect_with(Cluster& cluster, std::uint32_t candidate, std::uint32_t voter) {
  const auto among = [=](const InFlight& m) {
    return is_between(m, candidate, voter) || is_between(m, voter, candidate);
  };
  cluster.skip(seconds(1));
  cluster.campaign(candidate);
  for (int i = 0; i < 4; ++i) {
    cluster.deliver_if([&](const InFlight& m) { return among(m) && !is_kind(m, "append"); });
    cluster.sync(candidate);
    cluster.sync(voter);
  }
}

// Figure 8 of the paper with three nodes: n1 spreads an entry of term 1 in term 3, counts two copies, and is
// followed by n3, whose last entry is of term 2.
TEST(RaftPlants, R1CommitsOldTermByCounting) {
  const auto one_entry_per_append = [](RaftConfig& config) { config.append_bytes_max = 1; };
  const ClusterOptions options{.nodes = 3, .tweak = one_entry_per_append};
  expect_caught("R1", "leader-completeness", options, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({1});
    cluster.propose(1, "old");  // entry 2 of term 1, at n1 alone
    cluster.sync(1);
    cluster.kill(1);
    cluster.heal();
    // n3 leads term 2 by n2's vote; its no-op, entry 2 of term 2, stays at n3.
    elect_with(cluster, 3, 2);
    if (!cluster.host(3).leads()) return "n3 was not elected in term 2";
    cluster.sync(3);
    cluster.wire.clear();
    cluster.kill(3);
    // n1 leads term 3 by n2's vote (the first try tells it the term) and sends n2 its entry 2, but not yet
    // its no-op.
    cluster.restart(1);
    elect_with(cluster, 1, 2);
    elect_with(cluster, 1, 2);
    if (!cluster.host(1).leads()) return "n1 was not elected in term 3";
    for (int i = 0; i < 2; ++i) {
      cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
      cluster.sync(2);
      cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1); });
    }
    if (cluster.host(2).status().last_index != LogIndex{2}) return "n2 does not have entry 2 alone";
    cluster.wire.clear();
    cluster.kill(1);
    // n3's last term is larger than n2's: n2 must vote for it.
    cluster.restart(3);
    elect_with(cluster, 3, 2);
    elect_with(cluster, 3, 2);
    return cluster.host(3).leads() ? "" : "n3 was not elected again";
  });
}

TEST(RaftPlants, R2ForgetsItsVote) {
  expect_caught("R2", "election-safety", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    // n1 and n2 both stand in term 1. n3 votes for n1, restarts and is asked by n2.
    cluster.campaign(1);
    cluster.campaign(2);
    cluster.deliver_if([](const InFlight& m) { return is_kind(m, "pre-vote-request"); });
    cluster.deliver_if([](const InFlight& m) { return is_kind(m, "pre-vote-reply"); });
    cluster.sync(1);
    cluster.sync(2);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 3); });
    cluster.sync(3);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 3, 1); });
    cluster.kill(3);
    cluster.restart(3);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 3) && is_kind(m, "vote-request"); });
    cluster.sync(3);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 3, 2); });
    return "";
  });
}

TEST(RaftPlants, R5AnswersReadsFromItsOwnState) {
  expect_caught("R5", "stale read", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    // The old leader is cut off with its client; its check-quorum has not struck yet when n2 takes over and
    // commits.
    cluster.isolate({1});
    cluster.skip(milliseconds(950));
    cluster.host(3).ahead += milliseconds(100);
    cluster.campaign(2);
    cluster.settle();
    const RequestId write = cluster.propose(2, "new");
    cluster.settle();
    const std::optional<Outcome> written = cluster.host(2).outcome(write);
    if (!written || written->refused) return "the write was not answered";
    const RequestId read = cluster.read(1);
    cluster.settle();
    return find_stale(cluster, 1, read, written->index);
  });
}

TEST(RaftPlants, R6ReadsBeforeAnEntryOfItsTerm) {
  expect_caught("R6", "stale read", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    // n2 has the entry and does not know that it is committed.
    const RequestId write = cluster.propose(1, "new");
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.sync(1);
    cluster.sync(2);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1); });
    cluster.wire.clear();
    const std::optional<Outcome> written = cluster.host(1).outcome(write);
    if (!written || written->refused) return "the write was not answered";
    cluster.kill(1);
    elect_with(cluster, 2, 3);
    // n2 leads; its no-op reaches nobody, but its heartbeats are answered.
    const RequestId read = cluster.read(2);
    for (int i = 0; i < 3; ++i) {
      cluster.drop_if([](const InFlight& m) { return is_kind(m, "append"); });
      cluster.deliver_if([](const InFlight&) { return true; });
      cluster.sync(2);
      cluster.sync(3);
    }
    return find_stale(cluster, 2, read, written->index);
  });
}

TEST(RaftPlants, R10CutsMatchingEntries) {
  expect_caught("R10", "quorum-durability", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({3});
    cluster.slow_disks.insert(NodeId{1});  // The leader needs n2's copy.
    cluster.propose(1, "first");
    const InFlight late = cluster.wire.at(0);
    cluster.propose(1, "second");
    // n2 stores both and answers; before the answers arrive, the network brings the first append again.
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.sync(2);
    cluster.wire.push_back(late);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.sync(2);
    cluster.sync(1);
    cluster.settle();
    return "";
  });
}

TEST(RaftPlants, R11FollowsTheCommitIndexBlindly) {
  expect_caught("R11", "state-machine-safety", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({1});
    cluster.propose(1, "divergent");
    cluster.sync(1);
    cluster.elect(2);
    cluster.propose(2, "right");
    cluster.settle();
    // A heartbeat of the new leader reaches n1 before its append does.
    cluster.heal();
    cluster.skip(milliseconds(100));
    cluster.step(2);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1) && is_kind(m, "heartbeat"); });
    return "";
  });
}

TEST(RaftPlants, R12VotesWithoutComparingLogs) {
  expect_caught("R12", "leader-completeness", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({3});
    cluster.propose(1, "acknowledged");
    cluster.settle();
    cluster.kill(1);
    cluster.heal();
    cluster.skip(seconds(1));
    cluster.campaign(3);
    cluster.settle();
    return "";
  });
}

TEST(RaftPlants, R16CutsBehindAnOldSnapshot) {
  const auto small_log = [](RaftConfig& config) {
    config.snapshot_every = 4;
    config.snapshot_keep = 1;
  };
  expect_caught(
      "R16", "quorum-durability", {.nodes = 3, .tweak = small_log}, [](Cluster& cluster) -> std::string {
        cluster.elect(1);
        cluster.isolate({3});
        for (int i = 0; i < 8; ++i) {
          cluster.propose(1, "filler");
          cluster.settle();
        }
        cluster.heal();
        // n3 gets a snapshot; the network keeps a copy of it.
        cluster.skip(milliseconds(100));
        cluster.step(1);
        for (int i = 0; i < 4; ++i) cluster.deliver_if([](const InFlight&) { return true; });
        cluster.report(1);
        cluster.report(1);
        const auto part = std::find_if(cluster.wire.begin(), cluster.wire.end(),
                                       [](const InFlight& m) { return is_kind(m, "snapshot-part"); });
        if (part == cluster.wire.end()) return "no snapshot was sent";
        const InFlight snapshot = *part;
        cluster.settle();
        // An entry is on n3's disk and n1 counts on it, when the copy arrives.
        cluster.isolate({2});
        cluster.slow_disks.insert(NodeId{1});
        cluster.propose(1, "acknowledged");
        cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 3); });
        cluster.sync(3);
        cluster.wire.push_back(snapshot);
        cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 3); });
        cluster.sync(3);
        cluster.sync(1);
        cluster.settle();
        return "";
      });
}

TEST(RaftPlants, R19ReportsSuccessWhenSteppingDown) {
  expect_caught("R19", "lost: unlucky", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({1});
    const RequestId write = cluster.propose(1, "unlucky");
    cluster.elapse(seconds(5));
    cluster.heal();
    cluster.elapse(seconds(2));
    const std::optional<Outcome> outcome = cluster.host(1).outcome(write);
    if (!outcome) return "never answered";
    if (outcome->refused) return "";
    return find_lost(cluster, 1, LogIndex{2}, "unlucky");
  });
}

TEST(RaftPlants, R20CountsWhatItSent) {
  expect_caught("R20", "quorum-durability", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.propose(1, "dropped");
    cluster.wire.clear();
    cluster.sync(1);
    return "";
  });
}

TEST(RaftPlants, R25LeadsOnWithoutHearingAnybody) {
  expect_caught("R25", "nobody can write", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    // One-way: n1's heartbeats arrive, nothing comes back.
    cluster.cut(2, 1);
    cluster.cut(3, 1);
    cluster.elapse(seconds(6));
    Host* leader = cluster.leader();
    if (leader == nullptr) return "no leader";
    const RequestId write = cluster.propose(leader->id().value(), "wanted");
    cluster.elapse(seconds(2));
    const std::optional<Outcome> outcome = leader->outcome(write);
    return outcome && !outcome->refused ? "" : "nobody can write";
  });
}

}  // namespace
}  // namespace ordeal::raft::testing
