// The planted bugs of reads, snapshots and what clients are told: for each a schedule that shows what it
// breaks, and the same schedule without it, which breaks nothing. R18 is carried out by the host, which
// serialises the state.

#include "tests/node/raft/expect_caught.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace ordeal::raft::testing {
namespace {

void read_by_lease(RaftConfig& config) {
  config.read_mode = ReadMode::kLease;
}

/// n1 is cut off and has led; n2 is elected, unless it leads already, and writes.
std::string read_at_n1_after_a_write_at_n2(Cluster& cluster) {
  if (!cluster.host(2).leads()) cluster.campaign(2);
  cluster.settle();
  const RequestId write = cluster.propose(2, "new");
  cluster.settle();
  if (!is_answered(cluster, 2, write)) return "the write was not answered";
  const RequestId read = cluster.read(1);
  cluster.settle();
  return find_stale(cluster, 1, read, cluster.host(2).outcome(write)->index);
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
    elect_with(cluster, 2, {3});
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

TEST(RaftPlants, R7CountsTheLeaseFromTheAnswers) {
  expect_caught("R7", "stale read", {.nodes = 3, .tweak = read_by_lease},
                [](Cluster& cluster) -> std::string {
                  cluster.elect(1);
                  cluster.skip(milliseconds(100));
                  cluster.step(1);
                  cluster.deliver_if([](const InFlight& m) { return is_kind(m, "heartbeat"); });
                  // The answers take so long that the promise in them is nearly over.
                  const std::vector<InFlight> late = std::exchange(cluster.wire, {});
                  cluster.isolate({1});
                  cluster.skip(milliseconds(900));
                  cluster.wire = late;
                  cluster.settle();
                  cluster.skip(milliseconds(200));
                  return read_at_n1_after_a_write_at_n2(cluster);
                });
}

TEST(RaftPlants, R8KeepsTheLeaseWhenHandingOver) {
  expect_caught("R8", "stale read", {.nodes = 3, .tweak = read_by_lease},
                [](Cluster& cluster) -> std::string {
                  cluster.elect(1);
                  cluster.elapse(milliseconds(200));
                  if (!cluster.transfer(1, 2)) return "no transfer";
                  cluster.deliver_if([](const InFlight& m) { return is_kind(m, "timeout-now"); });
                  cluster.isolate({1});
                  cluster.settle();
                  return read_at_n1_after_a_write_at_n2(cluster);
                });
}

TEST(RaftPlants, R9MeasuresTheLeaseOnTheWallClock) {
  const auto without_check_quorum = [](RaftConfig& config) {
    read_by_lease(config);
    config.check_quorum = false;
  };
  const ClusterOptions options{.nodes = 3, .tweak = without_check_quorum};
  expect_caught("R9", "stale read", options, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.elapse(milliseconds(200));
    cluster.isolate({1});
    cluster.host(1).wall_ahead = Duration{} - seconds(2);
    cluster.skip(milliseconds(1100));
    return read_at_n1_after_a_write_at_n2(cluster);
  });
}

TEST(RaftPlants, R16CutsBehindAnOldSnapshot) {
  expect_caught(
      "R16", "quorum-durability", {.nodes = 3, .tweak = keep_log_small}, [](Cluster& cluster) -> std::string {
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

TEST(RaftPlants, R17LabelsASnapshotWithAnOlderIndex) {
  const ClusterOptions options{.nodes = 3, .tweak = keep_log_small};
  expect_caught("R17", "executed twice", options, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    cluster.isolate({3});
    for (int i = 0; i < 8; ++i) {
      cluster.propose(1, "filler");
      cluster.settle();
    }
    cluster.heal();
    // n3 answers that it needs what is compacted.
    cluster.skip(milliseconds(100));
    cluster.step(1);
    for (int i = 0; i < 3; ++i) cluster.deliver_if([](const InFlight&) { return true; });
    // Before that arrives an entry is executed; the core has not heard of it when it asks for the snapshot.
    cluster.propose(1, "counted");
    cluster.sync(1);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 1, 2); });
    cluster.sync(2);
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 2, 1); });
    if (cluster.host(1).applied() == cluster.host(1).status().applied) return "nothing is unreported";
    cluster.deliver_if([](const InFlight& m) { return is_between(m, 3, 1); });
    cluster.settle();
    if (cluster.host(3).status().first_index == LogIndex{1}) return "n3 got no snapshot";
    if (cluster.host(3).applied() != cluster.host(1).applied()) return "n3 did not catch up";
    return cluster.host(3).repeated.empty() ? "" : "executed twice";
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

TEST(RaftPlants, R23ForwardsAgainWhatWasExecuted) {
  expect_caught("R23", "executed twice", {.nodes = 3}, [](Cluster& cluster) -> std::string {
    cluster.elect(1);
    const RequestId write = cluster.propose(2, "once");
    cluster.settle();
    if (!is_answered(cluster, 2, write)) return "the write was not answered";
    const std::map<LogIndex, Bytes> state = cluster.host(1).state();
    const auto times = std::count_if(state.begin(), state.end(),
                                     [](const auto& executed) { return executed.second == "once"; });
    return times == 1 ? "" : "executed twice";
  });
}

}  // namespace
}  // namespace ordeal::raft::testing
