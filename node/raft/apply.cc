// Committed entries on their way to the host, and what may be forgotten after it has executed them.

#include "node/raft/core.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::raft {

void Core::commit_to(LogIndex index) {
  index = std::min(index, log_.last_index());
  if (index > commit_) commit_ = index;
}

void Core::hand_out() {
  if (installing_ || handed_out_ >= commit_) return;
  const auto room = [this] {
    return handed_out_ - executed_ < config_.apply_entries_max && unexecuted_bytes_ < config_.apply_bytes_max;
  };
  if (!room()) return;
  const Status read = log_.visit(handed_out_ + 1, commit_, [&](const Entry& entry) {
    if (!room()) return false;
    CommittedEntry committed{.index = entry.index, .command = {}, .origin = std::nullopt};
    if (entry.kind == EntryKind::kCommand) committed.command = entry.data;
    if (!proposals_.empty() && proposals_.front().index == entry.index) {
      committed.origin = proposals_.front().origin;
      proposed_bytes_ -= proposals_.front().bytes;
      proposals_.pop_front();
    }
    handed_out_ = entry.index;
    unexecuted_.emplace_back(entry.index, entry.data.size());
    unexecuted_bytes_ += entry.data.size();
    out_.committed.push_back(std::move(committed));
    return true;
  });
  static_cast<void>(survives(read));  // Ignored here: finish() sees failed_.
}

void Core::take(const Executed& input) {
  executed_ = std::max(executed_, std::min(input.index, handed_out_));
  while (!unexecuted_.empty() && unexecuted_.front().first <= executed_) {
    unexecuted_bytes_ -= unexecuted_.front().second;
    unexecuted_.pop_front();
  }
  for (const Executed::Remote& remote : input.replies) reply({remote.origin, remote.id}, remote.reply);
}

void Core::answer_ready_reads() {
  if (installing_ || ready_reads_.empty()) return;
  // Thesis 6.4: a read waits until the state has everything up to its read index.
  const auto waits = [this](const ReadyRead& ready) { return ready.index > handed_out_; };
  const auto ready = std::stable_partition(ready_reads_.begin(), ready_reads_.end(), waits);
  for (auto it = ready; it != ready_reads_.end(); ++it) {
    out_.answers.push_back({{config_.self, it->request.id}, std::move(it->request.command)});
  }
  ready_reads_.erase(ready, ready_reads_.end());
}

void Core::compact() {
  // Raft 7. The state is the snapshot: entries that were executed can go, but for a few that save lagging
  // peers from having to fetch the whole state.
  if (installing_ || executed_ - log_.start().index <= config_.snapshot_every) return;
  LogIndex target = executed_ - config_.snapshot_keep;
  // A peer that is receiving a snapshot needs what follows it, unless it takes too long.
  const bool patient = executed_ - log_.start().index <= 8 * config_.snapshot_every;
  if (lead_ && patient) {
    for (const auto& [node, snapshot] : lead_->snapshots) target = std::min(target, snapshot.floor);
  }
  if (target <= log_.start().index) return;
  if (!survives(log_.compact(target, batch_))) return;
  event("log-compacted", fmt::format("{} begins its log after entry {}", node_name(config_.self), target));
}

}  // namespace ordeal::raft
