#include "sim/storage.h"

#include "common/check.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ordeal::sim {

DiskStorage::DiskStorage(std::optional<char> left_out, const DiskHealth& health, Rng rng)
    : left_out_(left_out), health_(health), rng_(rng), snapshots_(left_out) {}

void DiskStorage::start(host::StorageSink& sink) {
  sink_ = &sink;
  ++incarnation_;
  // Opening replays what the last life wrote and syncs it, as RocksDB's recovery does: a core takes what it
  // finds for durable.
  if (!health_.lies) pending_.clear();
  written_ = lied_ = pending_.size();
}

// --- What the core hands over -----------------------------------------------------------------------------

void DiskStorage::add(Ticket ticket, Batch batch, std::optional<LogIndex> applied) {
  pending_.push_back({{}, applied_, ticket});
  state_.change(std::move(batch), &pending_.back().undo);
  if (applied) applied_ = *applied;
}

void DiskStorage::write(Ticket ticket, Batch batch) {
  add(ticket, std::move(batch), std::nullopt);
  owes_sync_ = true;
}

void DiskStorage::apply(Batch effects, LogIndex index) {
  add(Ticket(), std::move(effects), index);
}

void DiskStorage::carry_out(SnapshotStep step, LogIndex applied) {
  std::visit([&](auto& what) { snapshot(what, applied); }, step);
  owes_sync_ = owes_sync_ || !reports_.empty();
}

void DiskStorage::snapshot(SnapshotTake& step, LogIndex applied) {
  snapshots_.take(step, state_);
  reports_.emplace_back(SnapshotTaken{step.id, applied});
}

void DiskStorage::snapshot(SnapshotRead& step, LogIndex /*applied*/) {
  auto chunk = snapshots_.read(step);
  if (!chunk.ok()) return sink_->failed(chunk.error());
  if (*chunk) reports_.emplace_back(std::move(**chunk));
}

void DiskStorage::snapshot(SnapshotDrop& step, LogIndex /*applied*/) {
  snapshots_.drop(step);
}

void DiskStorage::snapshot(SnapshotStage& step, LogIndex /*applied*/) {
  ++parts_staged_;
  if (const Status status = snapshots_.stage(step); !status.ok()) sink_->failed(status.error());
}

void DiskStorage::snapshot(SnapshotInstall& step, LogIndex /*applied*/) {
  auto batch = snapshots_.install(step);
  if (!batch.ok()) return sink_->failed(batch.error());
  add(Ticket(), std::move(*batch), step.index);
  reports_.emplace_back(SnapshotInstalled{step.id, step.index});
}

void DiskStorage::flush() {
  if (syncing_) return;  // What is queued goes with the next round.
  if (!owes_sync_) {
    written_ = pending_.size();
    return;
  }
  syncing_ = true;
  announced_ = false;
  owes_sync_ = false;
  in_round_ = pending_.size();
  round_reports_ = std::exchange(reports_, {});
}

// --- The disk ---------------------------------------------------------------------------------------------

std::optional<Duration> DiskStorage::began_round() {
  if (!syncing_ || announced_) return std::nullopt;
  announced_ = true;
  return Duration(rng_.between(health_.sync_min.ns(), health_.sync_max.ns()));
}

void DiskStorage::end_round() {
  ORDEAL_CHECK(syncing_);
  syncing_ = false;
  if (health_.failing) {
    health_.failing = false;
    sync_failed_ = true;
    sink_->failed({ErrorCode::kInternal, "the sync of the log failed"});
    return;
  }
  host::StorageProgress progress;
  progress.inputs = std::exchange(round_reports_, {});
  for (std::size_t i = 0; i < in_round_; ++i) {
    if (pending_[i].ticket != Ticket()) progress.durable = pending_[i].ticket;
  }
  if (health_.lies) {
    for (std::size_t i = 0; i < in_round_; ++i) pending_[i].ticket = Ticket();
    written_ = std::max(written_, in_round_);
    lied_ = in_round_;
  } else {
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(in_round_));
    lied_ = 0;
    written_ -= std::min(written_, in_round_);
  }
  in_round_ = 0;
  if (owes_sync_) flush();
  sink_->advanced(std::move(progress));
}

std::size_t DiskStorage::keep_first(std::size_t count) {
  const std::size_t lost = pending_.size() - count;
  while (pending_.size() > count) {
    applied_ = pending_.back().applied_before;
    state_.take_back(std::move(pending_.back().undo));
    pending_.pop_back();
  }
  return lost;
}

void DiskStorage::end_life() {
  sink_ = nullptr;
  snapshots_ = host::MapSnapshots(left_out_);
  reports_.clear();
  round_reports_.clear();
  owes_sync_ = syncing_ = sync_failed_ = false;
  announced_ = true;
  in_round_ = 0;
}

std::size_t DiskStorage::kill() {
  // What a sync failed on may be gone from the page cache too. What the disk has taken before stays with it.
  if (sync_failed_) return keep_some(lied_);
  // The round under way was one write: all of it arrived at the operating system, or nothing.
  const bool arrived = syncing_ && rng_.chance(1, 2);
  const std::size_t lost = keep_first(arrived ? std::max(written_, in_round_) : written_);
  for (Pending& pending : pending_) pending.ticket = Ticket();  // the next life counts from 1 again
  end_life();
  return lost;
}

std::size_t DiskStorage::lose_power() {
  const std::size_t lied = lied_;
  const std::size_t before = pending_.size();
  const std::size_t lost = keep_some(0);
  promises_broken_ += lied - std::min(lied, before - lost);
  pending_.clear();  // What is on the disk now is all there is.
  lied_ = 0;
  return lost;
}

std::size_t DiskStorage::keep_some(std::size_t least) {
  const std::size_t lost =
      keep_first(least + static_cast<std::size_t>(rng_.below(pending_.size() - least + 1)));
  for (Pending& pending : pending_) pending.ticket = Ticket();  // the next life counts from 1 again
  end_life();
  return lost;
}

bool DiskStorage::damage() {
  const auto& log = std::as_const(state_).content(Space::kLog);
  if (log.empty()) return false;
  auto record = log.begin();
  std::advance(record, static_cast<std::ptrdiff_t>(rng_.below(log.size())));
  state_.damage(record->first);
  return true;
}

}  // namespace ordeal::sim
