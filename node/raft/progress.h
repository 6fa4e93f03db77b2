#pragma once
// What a leader knows of one peer's log, and how much it may send: a probe looks for the place where the logs
// agree, one message at a time; then appends are pipelined within limits; a peer that is behind the log's
// beginning gets a snapshot.

#include "common/ids.h"
#include "common/time.h"

#include <cstdint>
#include <deque>
#include <string_view>

namespace ordeal::raft {

struct InflightLimits {
  std::uint64_t messages_max = 256;
  std::uint64_t bytes_max = 16 * 1024 * 1024;
};

class Progress {
 public:
  enum class State { kProbe, kReplicate, kSnapshot };

  /// A peer of which nothing is known but that it may have everything before `next`. Requires: next >= 1.
  Progress(LogIndex next, MonotonicTime now) : next_(next), acked_at_(now) {}

  [[nodiscard]] State state() const { return state_; }
  /// Durably replicated up to here. Only grows.
  [[nodiscard]] LogIndex match() const { return match_; }
  /// The next entry to send. Always > match().
  [[nodiscard]] LogIndex next() const { return next_; }
  /// Whether an append may go out now.
  [[nodiscard]] bool may_send(const InflightLimits& limits) const;
  /// An append with entries up to `last` (none: next() - 1) of `bytes` was sent.
  void sent(LogIndex last, std::uint64_t bytes);
  /// The peer has everything up to `index`. False when that is old news.
  bool accepted(LogIndex index);
  /// The peer refused an append after `prev`; `next` is where it may agree. False when the refusal is stale.
  bool refused(LogIndex prev, LogIndex next);
  /// A heartbeat was answered: the peer is alive, so a lost probe or append may be tried again.
  void revive();

  void start_snapshot();
  /// Back to probing, after `index` when the peer has installed a snapshot up to there (0: it was given up).
  void end_snapshot(LogIndex index);
  /// Planted bugs only: claims a match that nobody acknowledged.
  void claim_match(LogIndex index);

  // --- Heartbeat rounds ----------------------------------------------------------------------------------

  /// The newest round that the peer answered. Only grows.
  [[nodiscard]] std::uint64_t acked_round() const { return acked_round_; }
  /// When that round was sent, on this node's clock; before any, when the peer was added, so that it has time
  /// to answer. Only grows.
  [[nodiscard]] MonotonicTime acked_at() const { return acked_at_; }
  /// When that round was sent; long ago before any: that a peer is new is no promise. A late answer from the
  /// time before it was removed and added again is an old promise.
  [[nodiscard]] MonotonicTime promised_at() const { return promised_at_; }
  void answered(std::uint64_t round, MonotonicTime sent_at);

  /// The commit index that the peer was told last.
  LogIndex told_commit;

 private:
  struct Inflight {
    LogIndex last;
    std::uint64_t bytes = 0;
  };
  void forget_inflight();

  State state_ = State::kProbe;
  LogIndex match_;
  LogIndex next_;
  bool probe_out_ = false;
  std::deque<Inflight> inflight_;
  std::uint64_t inflight_bytes_ = 0;
  std::uint64_t acked_round_ = 0;
  MonotonicTime acked_at_;
  MonotonicTime promised_at_{INT64_MIN / 2};
};

/// "probe", "replicate", "snapshot".
[[nodiscard]] std::string_view to_text(Progress::State state);

}  // namespace ordeal::raft
