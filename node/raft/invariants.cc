#include "node/raft/invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ordeal::raft {

namespace {

Violation violation(std::string_view invariant, std::string text) {
  return Violation{std::string(invariant), std::move(text)};
}

}  // namespace

std::optional<Violation> check_transition(const Inspection& before, const Inspection& after) {
  const auto name = [&] { return node_name(after.node); };
  if (after.term < before.term) {
    return violation("monotonicity",
                     fmt::format("{} went from term {} to {}", name(), before.term, after.term));
  }
  if (after.commit < before.commit) {
    return violation("monotonicity", fmt::format("{} took its commit index back from {} to {}", name(),
                                                 before.commit, after.commit));
  }
  if (after.start.index < before.start.index || after.applied < before.applied) {
    return violation("monotonicity",
                     fmt::format("{} went back behind what it had compacted or applied", name()));
  }
  if (after.term == before.term && before.vote != kNoNode && after.vote != before.vote) {
    return violation("monotonicity", fmt::format("{} changed its vote in term {} from {} to {}", name(),
                                                 after.term, node_name(before.vote), node_name(after.vote)));
  }
  if (after.applied > after.commit || after.commit > after.last.index) {
    return violation("monotonicity", fmt::format("{} has applied {}, committed {} and logged {} entries",
                                                 name(), after.applied, after.commit, after.last.index));
  }
  const bool leads_on = before.leader && after.leader && before.term == after.term;
  if (leads_on && (after.cuts != before.cuts || after.last.index < before.last.index)) {
    return violation("leader-append-only", fmt::format("{} removed entries from {} on while it led term {}",
                                                       name(), after.last_cut, after.term));
  }
  return std::nullopt;
}

std::optional<Violation> ClusterInvariants::observe(const Protocol& core) {
  Inspection& now = now_;
  inspect(core, LogIndex{UINT64_MAX}, now);
  Known& known = nodes_[now.node];
  LogIndex marks_from{1};
  LogIndex commit_before;
  if (known.running && now == known.seen) return std::nullopt;  // As after every other step.
  if (known.running) {
    if (auto broken = check_transition(known.seen, now)) return broken;
    commit_before = known.seen.commit;
    marks_from = known.seen.last.index + 1;
    if (now.cuts == known.seen.cuts + 1) marks_from = std::min(marks_from, now.last_cut);
    if (now.cuts > known.seen.cuts + 1) marks_from = LogIndex{1};
  }
  if (!known.running || now.last != known.seen.last || now.cuts != known.seen.cuts) {
    inspect(core, marks_from, now);
  }
  const LogIndex durable = known.seen.installing ? LogIndex() : known.seen.durable;
  const Mark promised{durable, {}, chain_at(known, durable).value_or(0)};
  follow_log(known, now);
  std::swap(known.seen, now);
  const Inspection& before = now;
  // A leader decides that an entry is committed before it appends the next configuration, in the same step.
  const bool led = known.running && before.leader && before.term == known.seen.term;
  const Configuration& deciding = led ? before.configuration : known.seen.configuration;
  const bool back = !std::exchange(known.running, true);
  auto broken = back ? check_return(known, promised) : std::nullopt;
  if (!broken) broken = check_state(known, marks_from, commit_before, deciding);
  known.seen.marks.clear();  // They are in known.log.
  return broken;
}

std::optional<Violation> ClusterInvariants::check_return(const Known& known, const Mark& promised) {
  const bool there = known.seen.last.index >= promised.index &&
                     (promised.chain == 0 || holds(known, promised.index, promised.chain));
  if (there) return std::nullopt;
  return violation("durability",
                   fmt::format("{} comes back without entry {}, which it had called durable; it has {} to {}",
                               node_name(known.seen.node), promised.index, known.seen.start.index + 1,
                               known.seen.last.index));
}

void ClusterInvariants::stopped(NodeId node) {
  nodes_[node].running = false;
}

void ClusterInvariants::follow_log(Known& known, const Inspection& now) {
  // A snapshot took the place of a log that had something else there. What was before it is of that other
  // log, although the entries that follow continue its numbers.
  if (const auto replaced = mark_at(known, now.start.index); replaced && replaced->chain != now.start.chain) {
    const auto behind = std::find_if(known.log.begin(), known.log.end(),
                                     [&](const Mark& mark) { return mark.index > now.start.index; });
    known.log.erase(known.log.begin(), behind);
  }
  if (!now.marks.empty()) {
    const LogIndex first = now.marks.front().index;
    while (!known.log.empty() && known.log.back().index >= first) known.log.pop_back();
    if (!known.log.empty() && known.log.back().index + 1 != first) known.log.clear();
    known.log.insert(known.log.end(), now.marks.begin(), now.marks.end());
  }
  while (!known.log.empty() && known.log.back().index > now.last.index) known.log.pop_back();
  // What is compacted is forgotten here too, now and then, so that it costs nothing per event.
  const auto stale = [&](const Mark& mark) { return mark.index <= now.start.index; };
  if (known.log.size() > 64 && stale(known.log[known.log.size() / 2])) {
    known.log.erase(known.log.begin(), std::find_if_not(known.log.begin(), known.log.end(), stale));
  }
}

std::optional<Violation> ClusterInvariants::check_state(Known& known, LogIndex marks_from,
                                                        LogIndex commit_before,
                                                        const Configuration& deciding) {
  if (auto broken = check_election(known.seen)) return broken;
  if (auto broken = check_log(known, marks_from)) return broken;
  if (auto broken = check_commit(known, commit_before, deciding)) return broken;
  if (!known.seen.leader || known.led == known.seen.term) return std::nullopt;
  known.led = known.seen.term;
  return check_completeness(known);
}

std::optional<Violation> ClusterInvariants::check_election(const Inspection& node) {
  if (!node.leader) return std::nullopt;
  const auto [leader, first] = leaders_.emplace(node.term, node.node);
  if (leader->second == node.node) return std::nullopt;
  return violation("election-safety", fmt::format("{} and {} both lead term {}", node_name(leader->second),
                                                  node_name(node.node), node.term));
}

std::optional<Violation> ClusterInvariants::check_log(const Known& known, LogIndex marks_from) {
  if (auto broken = check_mark(known.seen.node, known.seen.start)) return broken;
  for (const Mark& mark : known.seen.marks) {
    if (mark.index < marks_from) continue;
    if (auto broken = check_mark(known.seen.node, mark)) return broken;
  }
  return std::nullopt;
}

std::optional<Violation> ClusterInvariants::check_mark(NodeId node, const Mark& mark) {
  if (entries_.size() <= mark.index.value()) entries_.resize(mark.index.value() + 1);
  auto& known = entries_[mark.index.value()];
  for (const auto& [term, chain] : known) {
    if (term != mark.term) continue;
    if (chain == mark.chain) return std::nullopt;
    return violation("log-matching",
                     fmt::format("entry {} of term {} at {} differs from another node's, or what is "
                                 "before it does",
                                 mark.index, mark.term, node_name(node)));
  }
  known.emplace_back(mark.term, mark.chain);
  return std::nullopt;
}

std::optional<Mark> ClusterInvariants::mark_at(const Known& known, LogIndex index) {
  if (known.log.empty() || index < known.log.front().index || index > known.log.back().index)
    return std::nullopt;
  return known.log[index - known.log.front().index];
}

std::optional<Chain> ClusterInvariants::chain_at(const Known& known, LogIndex index) {
  if (index == known.seen.start.index) return known.seen.start.chain;
  const std::optional<Mark> mark = mark_at(known, index);
  return mark ? std::optional(mark->chain) : std::nullopt;
}

bool ClusterInvariants::holds(const Known& known, LogIndex index, Chain chain) {
  if (index < known.seen.start.index) return true;  // Compacted, hence committed there.
  if (index > known.seen.last.index) return false;
  // An entry that was not in memory when the log was last looked at cannot be compared.
  const std::optional<Chain> own = chain_at(known, index);
  return !own || *own == chain;
}

std::optional<Violation> ClusterInvariants::check_commit(const Known& known, LogIndex commit_before,
                                                         const Configuration& deciding) {
  const Inspection& node = known.seen;
  if (node.commit <= commit_before) return std::nullopt;
  if (committed_.size() <= node.commit.value()) committed_.resize(node.commit.value() + 1);
  for (LogIndex index = std::max(commit_before + 1, node.start.index); index <= node.commit; ++index) {
    const std::optional<Chain> chain = chain_at(known, index);
    if (!chain) continue;  // Before the log's beginning or not in memory: an earlier life checked it.
    Committed& committed = committed_[index.value()];
    if (committed.chain && *committed.chain != *chain) {
      return violation("state-machine-safety",
                       fmt::format("{} commits another entry at {} than was committed before",
                                   node_name(node.node), index));
    }
    if (!committed.chain) committed = {*chain, node.term};
  }
  if (auto broken = node.leader ? check_quorum(known, deciding) : std::nullopt) return broken;
  return check_later_leaders(node);
}

std::optional<Violation> ClusterInvariants::check_later_leaders(const Inspection& node) const {
  const Committed& newest = committed_[node.commit.value()];
  for (const auto& [id, other] : nodes_) {
    if (!other.running || !other.seen.leader || other.seen.term <= newest.term || !newest.chain) continue;
    if (holds(other, node.commit, *newest.chain)) continue;
    return violation(
        "leader-completeness",
        fmt::format("{} commits entry {} in term {}, which {}, leader of term {}, does not have",
                    node_name(node.node), node.commit, newest.term, node_name(id), other.seen.term));
  }
  return std::nullopt;
}

std::optional<Violation> ClusterInvariants::check_completeness(const Known& leader) const {
  // By chains, the last entry that was committed before this leader's term stands for all before it.
  LogIndex index = committed();
  while (index > LogIndex{} &&
         (!committed_[index.value()].chain || committed_[index.value()].term >= leader.seen.term)) {
    index = index - 1;
  }
  if (index == LogIndex{} || holds(leader, index, *committed_[index.value()].chain)) return std::nullopt;
  return violation(
      "leader-completeness",
      fmt::format("{} leads term {} without entry {}, which was committed in term {}",
                  node_name(leader.seen.node), leader.seen.term, index, committed_[index.value()].term));
}

std::optional<Violation> ClusterInvariants::check_quorum(const Known& leader,
                                                         const Configuration& deciding) const {
  const LogIndex index = leader.seen.commit;
  const std::optional<Chain> chain = chain_at(leader, index);
  if (!chain) return std::nullopt;
  for (const std::vector<NodeId>* half : {&deciding.voters, &deciding.outgoing}) {
    if (half->empty()) continue;
    std::size_t copies = 0;
    for (const NodeId voter : *half) {
      const auto known = nodes_.find(voter);
      if (known == nodes_.end() || known->second.seen.durable < index) continue;
      if (holds(known->second, index, *chain)) ++copies;
    }
    if (copies > half->size() / 2) continue;
    return violation("quorum-durability",
                     fmt::format("{} commits entry {}, which is on {} disks of {}",
                                 node_name(leader.seen.node), index, copies, half->size()));
  }
  return std::nullopt;
}

}  // namespace ordeal::raft
