// Snapshots on their way (Raft 7): one chunk at a time, each with its checksum; the receiver says what it
// has, so that a transfer goes on where it was interrupted.

#include "node/raft/core.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::raft {

namespace {
/// Election timeouts without progress after which a transfer is given up.
constexpr std::int64_t kPatience = 10;
}  // namespace

// --- Sending ---------------------------------------------------------------------------------------------

void Core::start_snapshot(NodeId to, Progress& peer) {
  peer.start_snapshot();
  OutgoingSnapshot snapshot;
  // Chosen by chance: a sender that restarts must not use an id again for other bytes.
  snapshot.id = SnapshotId{rng_->next()};
  snapshot.floor = executed_;
  snapshot.sent_at = clock();
  snapshot.progress_at = clock();
  out_.snapshots.emplace_back(SnapshotTake{snapshot.id});
  event("snapshot-started", fmt::format("{} needs entry {}, which is compacted", node_name(to), peer.next()));
  lead_->snapshots.insert_or_assign(to, std::move(snapshot));
}

std::pair<const NodeId, Core::OutgoingSnapshot>* Core::find_snapshot(SnapshotId id) {
  if (!lead_) return nullptr;
  for (auto& entry : lead_->snapshots) {
    if (entry.second.id == id) return &entry;
  }
  return nullptr;
}

void Core::take(const SnapshotTaken& input) {
  auto* found = find_snapshot(input.id);
  if (failed_ || found == nullptr) return;  // Given up in the meantime.
  OutgoingSnapshot& snapshot = found->second;
  // PLANT R17: the index is that of the moment when the snapshot was asked for, the contents are later.
  const LogIndex index = plants_.has(Bug::kR17) ? snapshot.floor : input.index;
  const std::optional<Term> term = log_.term_at(index);
  // The host took so long that patience ran out and the log was cut beyond it (compact()): another one is
  // taken.
  if (!term) return stop_snapshot(found->first, LogIndex{});
  const Result<Chain> chain = log_.chain_at(index);
  if (!chain) return fail_storage(chain.error());
  snapshot.start = LogStart{index, *term, *chain, log_.configuration_at(index)};
  read_chunk(snapshot, 0);
}

void Core::read_chunk(OutgoingSnapshot& snapshot, std::uint64_t offset) {
  snapshot.offset = offset;
  snapshot.chunk.reset();
  out_.snapshots.emplace_back(SnapshotRead{snapshot.id, offset, config_.snapshot_chunk_bytes});
}

void Core::take(const SnapshotChunk& input) {
  auto* found = find_snapshot(input.id);
  if (failed_ || found == nullptr) return;
  OutgoingSnapshot& snapshot = found->second;
  if (snapshot.chunk || input.offset != snapshot.offset) return;  // The receiver asked for another one since.
  snapshot.chunk = input.bytes;
  snapshot.last = input.last;
  send_part(found->first, snapshot);
}

void Core::send_part(NodeId to, OutgoingSnapshot& snapshot) {
  snapshot.sent_at = clock();
  snapshot.sent_end = std::max(snapshot.sent_end, snapshot.offset + snapshot.chunk->size());
  snapshot.sent_last = snapshot.sent_last || snapshot.last;
  send(to, SnapshotPart{snapshot.id, *snapshot.start, snapshot.offset, *snapshot.chunk,
                        crc32c(*snapshot.chunk), snapshot.last});
}

void Core::retry_snapshots() {
  std::vector<NodeId> hopeless;
  for (auto& [node, snapshot] : lead_->snapshots) {
    if (clock() - snapshot.progress_at >= config_.election_timeout * kPatience) {
      hopeless.push_back(node);
    } else if (snapshot.chunk && clock() - snapshot.sent_at >= config_.election_timeout) {
      send_part(node, snapshot);
    }
  }
  for (const NodeId node : hopeless) {
    event("snapshot-abandoned", fmt::format("{} does not take the snapshot", node_name(node)));
    stop_snapshot(node, LogIndex{});
  }
}

void Core::handle(NodeId from, Term /*term*/, SnapshotReply& m) {
  Progress* peer = find_peer(from);
  if (peer == nullptr) return;
  const auto found = lead_->snapshots.find(from);
  if (found == lead_->snapshots.end()) return;
  if (m.done) {
    // Whichever snapshot it was, the peer has everything up to there.
    if (m.match > commit_) return drop_malformed(from);
    event("snapshot-delivered", fmt::format("{} has the state up to entry {}", node_name(from), m.match));
    return stop_snapshot(from, m.match);
  }
  OutgoingSnapshot& snapshot = found->second;
  if (m.id != snapshot.id || !snapshot.chunk || m.offset == snapshot.offset) return;
  // Who has all of it installs it, and says so.
  const bool has_all = m.offset == snapshot.sent_end && snapshot.sent_last;
  if (m.offset > snapshot.sent_end || has_all) return drop_malformed(from);
  // Mostly the end of the chunk under way. Before it when the receiver restarted or an answer was overtaken,
  // beyond it when such a late answer had led back to what the receiver has.
  // One that restarts has to begin again, and is waited for anew.
  if (m.offset > snapshot.taken) snapshot.progress_at = clock();
  snapshot.taken = m.offset;
  read_chunk(snapshot, m.offset);
}

void Core::stop_snapshot(NodeId to, LogIndex installed) {
  const auto found = lead_->snapshots.find(to);
  if (found == lead_->snapshots.end()) return;
  out_.snapshots.emplace_back(SnapshotDrop{found->second.id});
  lead_->snapshots.erase(found);
  if (Progress* peer = find_peer(to)) peer->end_snapshot(installed);
}

void Core::drop_snapshots() {
  for (const auto& [node, snapshot] : lead_->snapshots)
    out_.snapshots.emplace_back(SnapshotDrop{snapshot.id});
  lead_->snapshots.clear();
}

// --- Receiving -------------------------------------------------------------------------------------------

void Core::handle(NodeId from, Term term, SnapshotPart& m) {
  if (m.start.term > term) return drop_malformed(from);
  if (!hear_leader(from)) return;
  if (installing_ || settle_without_snapshot(from, m)) return;
  if (!incoming_ || incoming_->id != m.id) {
    if (m.offset != 0) return send(from, SnapshotReply{m.id, false, 0, LogIndex{}});
    if (incoming_) out_.snapshots.emplace_back(SnapshotDrop{incoming_->id});
    incoming_ = IncomingSnapshot{m.id, m.start, 0};
  }
  if (m.crc != crc32c(m.bytes) || m.start != incoming_->start) {
    drop_malformed(from);
  } else if (m.offset == incoming_->offset) {
    incoming_->offset += m.bytes.size();
    out_.snapshots.emplace_back(SnapshotStage{m.id, m.offset, std::move(m.bytes)});
    if (m.last) return install(*incoming_);
  }
  send(from, SnapshotReply{m.id, false, incoming_->offset, LogIndex{}});
}

bool Core::settle_without_snapshot(NodeId from, const SnapshotPart& m) {
  // Raft 7: a snapshot that describes a prefix of this log replaces nothing, and what follows it stays.
  const bool known = m.start.index <= commit_ || log_.matches(m.start.index, m.start.term);
  if (!known) return false;
  // PLANT R16: the entries after it are cut.
  const LogIndex cut = std::max(m.start.index, commit_) + 1;
  if (plants_.has(Bug::kR16) && cut <= log_.last_index()) {
    stable_.cut(cut);
    if (!survives(log_.truncate(cut, batch_))) return true;
  }
  if (incoming_) out_.snapshots.emplace_back(SnapshotDrop{incoming_->id});
  incoming_.reset();
  // The snapshot's last entry is committed, and this log has it.
  verified_ = std::max(verified_, std::max(commit_, m.start.index));
  commit_to(m.start.index);
  send_when_durable(from, SnapshotReply{m.id, true, 0, commit_});
  return true;
}

void Core::install(const IncomingSnapshot& snapshot) {
  // Raft 7: no entry of the old log is the snapshot's last one, so the whole old log goes.
  LogStart start = snapshot.start;
  // PLANT R15: the members are those of the log that goes.
  if (plants_.has(Bug::kR15)) start.configuration = members();
  Batch beginning;
  log_.reset(std::move(start), beginning);
  out_.snapshots.emplace_back(SnapshotInstall{snapshot.id, snapshot.start.index, std::move(beginning)});
  installing_ = Installing{snapshot.id, snapshot.start.index};
  commit_ = snapshot.start.index;
  verified_ = snapshot.start.index;
  handed_out_ = snapshot.start.index;
  // Entries of an earlier leadership that were committed but never handed out are in the snapshot: executed
  // elsewhere.
  for (const Proposal& proposal : std::exchange(proposals_, {}))
    refuse(proposal.origin, RefusalCode::kLeadershipLost);
  proposed_bytes_ = 0;
  incoming_.reset();
}

void Core::take(const SnapshotInstalled& input) {
  if (failed_ || !installing_ || installing_->id != input.id) return;
  installing_.reset();
  executed_ = std::max(executed_, input.index);
  unexecuted_.clear();
  unexecuted_bytes_ = 0;
  stable_.reset(log_.last_index());
  event("snapshot-installed",
        fmt::format("{} has the state up to entry {}", node_name(config_.self), input.index));
  if (leader_ != kNoNode) send(leader_, SnapshotReply{input.id, true, 0, input.index});
}

}  // namespace ordeal::raft
