#include "common/node_event.h"

#include "common/check.h"

#include <algorithm>
#include <array>

namespace ordeal {
namespace {

using Kind = NodeEventKind;

constexpr std::array<NodeEventTraits, 16> kKinds = {{
    {Kind::kLeaderElected, "leader-elected", "became-leader", false, true},
    {Kind::kLeaderSteppedDown, "leader-stepped-down", "stepped-down", false, true},
    {Kind::kElectionStarted, "election-started", "election-started", false, true},
    {Kind::kVoteGranted, "vote-granted", "", false, false},
    {Kind::kTermChanged, "term-changed", "", true, true},
    {Kind::kEntryAppended, "entry-appended", "", true, false},
    {Kind::kEntryCommitted, "entry-committed", "", true, false},
    {Kind::kLogCut, "log-cut", "log-cut", false, true},
    {Kind::kLogCompacted, "log-compacted", "log-compacted", true, true},
    {Kind::kSnapshotStarted, "snapshot-started", "snapshot-started", false, true},
    {Kind::kSnapshotInstalled, "snapshot-installed", "snapshot-installed", false, true},
    {Kind::kMembersChanged, "members-changed", "membership", false, true},
    {Kind::kTransferStarted, "transfer-started", "transfer-started", false, true},
    {Kind::kNodeStarted, "node-started", "", false, true},
    {Kind::kBeforeSync, "before-sync", "", true, false},
    {Kind::kAfterSync, "after-sync", "", true, false},
}};

template <class Test>
std::optional<NodeEventKind> find(Test test) {
  const auto* const it = std::find_if(kKinds.begin(), kKinds.end(), test);
  return it == kKinds.end() ? std::nullopt : std::optional(it->kind);
}

}  // namespace

std::span<const NodeEventTraits> node_event_kinds() {
  return kKinds;
}

const NodeEventTraits& traits(NodeEventKind kind) {
  const NodeEventTraits& found = kKinds.at(static_cast<std::size_t>(kind));
  ORDEAL_CHECK(found.kind == kind);
  return found;
}

std::optional<NodeEventKind> find_node_event(std::string_view name) {
  return find([&](const NodeEventTraits& kind) { return kind.name == name; });
}

std::optional<NodeEventKind> find_core_event(std::string_view core_event) {
  return find(
      [&](const NodeEventTraits& kind) { return !core_event.empty() && kind.core_event == core_event; });
}

}  // namespace ordeal
