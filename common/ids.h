#pragma once
// The names of things: nodes, processes, terms, log positions, requests, faults.

#include "common/strong_int.h"

#include <string>
#include <string_view>

namespace ordeal {

/// Bytes as they are: keys, values, encoded messages. Not necessarily UTF-8.
using Bytes = std::string;

/// A replica, counted from 1; 0 means "none". Printed `n3` in histories and reports.
using NodeId = StrongInt<struct NodeIdTag, std::uint32_t>;
inline constexpr NodeId kNoNode{0};

/// A logical client of a history (Jepsen: process). A process whose operation ended `info` is never used
/// again.
using ProcessId = StrongInt<struct ProcessIdTag, std::int64_t>;
/// The process under which faults are recorded.
inline constexpr ProcessId kNemesisProcess{-1};

/// Raft term or Paxos round: a logical time that only grows.
using Term = StrongInt<struct TermTag>;
/// Position in a replicated log, counted from 1; 0 means "before the first".
using LogIndex = StrongInt<struct LogIndexTag>;
/// Order that the server gives to the changes of a key: the log index of the command that wrote it; 0 means
/// never written.
using Version = StrongInt<struct VersionTag>;

/// "n3".
[[nodiscard]] std::string node_name(NodeId node);
/// The inverse of node_name; kNoNode when the text is not `n` and a number from 1.
[[nodiscard]] NodeId parse_node_name(std::string_view text);

}  // namespace ordeal
