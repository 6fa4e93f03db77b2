#pragma once
// One random life of a cluster, decided by a seed: requests, lost, late, doubled and reordered messages, slow
// disks, crashes with and without loss of what was not durable, cuts, transfers, membership changes. Then
// everything is healed and the cluster must come to rest with nothing lost.

#include "tests/node/raft/cluster.h"

#include <map>
#include <set>
#include <string>

namespace ordeal::raft::testing {

class RandomSchedule {
 public:
  explicit RandomSchedule(std::uint64_t seed);
  /// What went wrong, or "".
  std::string run();

  /// What the schedule did, for the test to see that schedules are not empty.
  struct Tally {
    std::uint64_t acknowledged = 0;
    std::uint64_t reads = 0;
    std::uint64_t elections = 0;
    std::uint64_t snapshots = 0;
    std::uint64_t memberships = 0;
    std::uint64_t cuts = 0;
    std::uint64_t power_losses = 0;
    std::uint64_t transfers = 0;
  };
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  struct Options {
    bool reorder;
    bool lossy;
    bool doubles;
    bool slow_disks;
    bool crashes;
    bool power_losses;
    bool cuts;
    bool members;
    bool transfers;
  };
  struct Asked {
    Bytes command;      ///< empty: a read
    LogIndex must_see;  ///< a read: what was acknowledged before it began
  };
  static ClusterOptions draw_cluster(Rng& rng, const Options& faults);
  static Options draw_options(Rng& rng);
  void act();
  void act_on_network();
  void act_on_node(std::uint32_t number);
  void crash(std::uint32_t number);
  void ask(std::uint32_t number);
  void pass_time();
  void move_members();
  void drain();
  void take_outcome(NodeId node, const Outcome& outcome);
  void finish();
  void judge();
  void complain(const std::string& what);

  Rng rng_;
  Options options_;
  ClusterOptions cluster_options_;
  Cluster cluster_;
  std::uint32_t node_count_;
  std::uint64_t commands_ = 0;
  std::map<NodeId, std::map<RequestId, Asked>> open_;
  std::map<Bytes, LogIndex> acknowledged_;
  std::set<Bytes> refused_;  ///< definitely without effect
  LogIndex newest_acknowledged_;
  std::string complaint_;
  Tally tally_;
};

}  // namespace ordeal::raft::testing
