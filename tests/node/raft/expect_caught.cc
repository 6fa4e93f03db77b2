#include "tests/node/raft/expect_caught.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ordeal::raft::testing {

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

bool is_kind(const InFlight& message, std::string_view kind) {
  const std::optional<Message> decoded = decode_message(message.payload);
  return decoded && kind_name(decoded->body) == kind;
}

bool is_between(const InFlight& message, std::uint32_t from, std::uint32_t to) {
  return message.from == NodeId{from} && message.to == NodeId{to};
}

std::string find_lost(Cluster& cluster, std::uint32_t node, LogIndex index, const Bytes& command) {
  const std::map<LogIndex, Bytes> state = cluster.host(node).state();
  const auto found = state.find(index);
  return found != state.end() && found->second == command ? "" : "lost: " + command;
}

std::string find_stale(Cluster& cluster, std::uint32_t node, RequestId read, LogIndex index) {
  const std::optional<Outcome> outcome = cluster.host(node).outcome(read);
  if (!outcome || outcome->refused) return "";
  return outcome->index < index ? "stale read" : "";
}

bool is_answered(Cluster& cluster, std::uint32_t node, RequestId request) {
  const std::optional<Outcome> outcome = cluster.host(node).outcome(request);
  return outcome && !outcome->refused;
}

void elect_with(Cluster& cluster, std::uint32_t candidate, const std::vector<std::uint32_t>& voters) {
  const auto among = [&](const InFlight& m) {
    return std::any_of(voters.begin(), voters.end(), [&](std::uint32_t voter) {
      return is_between(m, candidate, voter) || is_between(m, voter, candidate);
    });
  };
  cluster.skip(seconds(1));
  cluster.campaign(candidate);
  for (int i = 0; i < 4; ++i) {
    cluster.deliver_if([&](const InFlight& m) { return among(m) && !is_kind(m, "append"); });
    cluster.sync(candidate);
    for (const std::uint32_t voter : voters) cluster.sync(voter);
  }
}

void settle_between(Cluster& cluster, std::uint32_t a, std::uint32_t b) {
  const auto between = [=](const InFlight& m) { return is_between(m, a, b) || is_between(m, b, a); };
  bool busy = true;
  while (busy) {
    busy = cluster.deliver_if(between) > 0;
    for (const std::uint32_t node : {a, b}) {
      if (!cluster.slow_disks.contains(NodeId{node}) && cluster.sync(node)) busy = true;
    }
  }
}

void keep_log_small(RaftConfig& config) {
  config.snapshot_every = 4;
  config.snapshot_keep = 1;
}

}  // namespace ordeal::raft::testing
