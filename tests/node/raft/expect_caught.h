#pragma once
// What the schedules that bring out planted bugs have in common: a schedule runs with the bug, which must
// show itself, and without it, when nothing may be wrong.

#include "tests/node/raft/cluster.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::raft::testing {

/// Runs a schedule with and without the bug. It returns what went wrong, or "". `found` is how that begins
/// with the bug; when the schedule itself finds nothing, how the first violation of an invariant does.
void expect_caught(const std::string& plant, const std::string& found, ClusterOptions options,
                   const std::function<std::string(Cluster&)>& schedule);

/// `kind` as kind_name says it.
[[nodiscard]] bool is_kind(const InFlight& message, std::string_view kind);
[[nodiscard]] bool is_between(const InFlight& message, std::uint32_t from, std::uint32_t to);

/// "lost: ..." when the node has not executed `command` as entry `index`.
[[nodiscard]] std::string find_lost(Cluster& cluster, std::uint32_t node, LogIndex index,
                                    const Bytes& command);
/// "stale read" when the request was answered from a state before `index`.
[[nodiscard]] std::string find_stale(Cluster& cluster, std::uint32_t node, RequestId read, LogIndex index);
/// Whether the request was answered and not refused.
[[nodiscard]] bool is_answered(Cluster& cluster, std::uint32_t node, RequestId request);

/// An election timeout passes, then `candidate` stands and hears from `voters` alone. No append arrives.
void elect_with(Cluster& cluster, std::uint32_t candidate, const std::vector<std::uint32_t>& voters);
/// Messages between the two arrive and their disks, unless slow, work until nothing is left to do.
void settle_between(Cluster& cluster, std::uint32_t a, std::uint32_t b);

/// A log of few entries, so that whoever falls behind needs a snapshot.
void keep_log_small(RaftConfig& config);

}  // namespace ordeal::raft::testing
