#include "node/raft/stable_mark.h"

#include <algorithm>

namespace ordeal::raft {

void StableMark::wrote(Ticket ticket, LogIndex last) {
  if (!claims_.empty() && claims_.back().ticket == ticket) {
    claims_.back().last = last;
  } else {
    claims_.push_back({ticket, last});
  }
}

void StableMark::cut(LogIndex from, bool claims_too) {
  index_ = std::min(index_, from - 1);
  if (!claims_too) return;
  for (Claim& claim : claims_) claim.last = std::min(claim.last, from - 1);
}

void StableMark::done(Ticket ticket) {
  while (!claims_.empty() && claims_.front().ticket <= ticket) {
    index_ = std::max(index_, claims_.front().last);
    claims_.pop_front();
  }
}

void StableMark::reset(LogIndex index) {
  claims_.clear();
  index_ = index;
}

}  // namespace ordeal::raft
