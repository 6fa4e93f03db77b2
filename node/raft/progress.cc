#include "node/raft/progress.h"

#include <algorithm>

namespace ordeal::raft {

bool Progress::may_send(const InflightLimits& limits) const {
  switch (state_) {
    case State::kProbe:
      return !probe_out_;
    case State::kReplicate:
      return inflight_.size() < limits.messages_max && inflight_bytes_ < limits.bytes_max;
    case State::kSnapshot:
      return false;
  }
  return false;
}

void Progress::sent(LogIndex last, std::uint64_t bytes) {
  if (state_ == State::kProbe) {
    // next stays: until the place of agreement is known, sending more would be for nothing.
    probe_out_ = true;
    return;
  }
  if (last < next_) return;  // An empty append occupies nothing.
  next_ = last + 1;
  inflight_.push_back({last, bytes});
  inflight_bytes_ += bytes;
}

bool Progress::accepted(LogIndex index) {
  const bool news = index > match_;
  match_ = std::max(match_, index);
  next_ = std::max(next_, match_ + 1);
  while (!inflight_.empty() && inflight_.front().last <= index) {
    inflight_bytes_ -= inflight_.front().bytes;
    inflight_.pop_front();
  }
  // An acknowledgement of everything that is known ends a probe, even when it is no news.
  if (state_ == State::kProbe && index == match_) {
    state_ = State::kReplicate;
    probe_out_ = false;
    next_ = match_ + 1;
  }
  return news;
}

bool Progress::refused(LogIndex prev, LogIndex next) {
  // What is acknowledged cannot be missing: such a refusal was overtaken by a newer answer.
  if (state_ == State::kSnapshot || prev <= match_) return false;
  if (state_ == State::kProbe && prev != next_ - 1) return false;
  state_ = State::kProbe;
  probe_out_ = false;
  next_ = std::max(std::min(prev, next), match_ + 1);
  forget_inflight();
  return true;
}

void Progress::revive() {
  probe_out_ = false;
}

void Progress::start_snapshot() {
  state_ = State::kSnapshot;
  forget_inflight();
}

void Progress::end_snapshot(LogIndex index) {
  state_ = State::kProbe;
  probe_out_ = false;
  match_ = std::max(match_, index);
  next_ = std::max(next_, match_ + 1);
  if (index != LogIndex{}) next_ = match_ + 1;
}

void Progress::claim_match(LogIndex index) {
  match_ = std::max(match_, index);
  next_ = std::max(next_, match_ + 1);
}

void Progress::answered(std::uint64_t round, MonotonicTime sent_at) {
  acked_round_ = std::max(acked_round_, round);
  acked_at_ = std::max(acked_at_, sent_at);
  promised_at_ = std::max(promised_at_, sent_at);
}

void Progress::forget_inflight() {
  inflight_.clear();
  inflight_bytes_ = 0;
}

std::string_view to_text(Progress::State state) {
  switch (state) {
    case Progress::State::kProbe:
      return "probe";
    case Progress::State::kReplicate:
      return "replicate";
    case Progress::State::kSnapshot:
      return "snapshot";
  }
  return "unknown";
}

}  // namespace ordeal::raft
