#include "checkers/transactions/dependencies.h"

#include <algorithm>

namespace ordeal {

void Precedences::compact() {
  std::sort(pairs_.begin(), pairs_.end());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const bool last_of_session = i + 1 == pairs_.size() || pairs_[i + 1] >> 32 != pairs_[i] >> 32 ||
                                 table_.session_of(static_cast<TransactionIndex>(pairs_[i + 1])) !=
                                     table_.session_of(static_cast<TransactionIndex>(pairs_[i]));
    if (last_of_session) pairs_[kept++] = pairs_[i];
  }
  pairs_.resize(kept);
  compact_at_ = std::max(kCompactFirst, 2 * kept);
}

void Precedences::sort() {
  compact();
  begin_.assign(std::size_t{table_.transaction_count()} + 1, 0);
  for (const std::uint64_t pair : pairs_) ++begin_[(pair >> 32) + 1];
  for (std::size_t t = 1; t < begin_.size(); ++t) begin_[t] += begin_[t - 1];
}

}  // namespace ordeal
