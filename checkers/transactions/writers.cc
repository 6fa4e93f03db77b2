#include "checkers/transactions/writers.h"

namespace ordeal {

Writers::Writers(const TransactionTable& table, const ReadsFrom& reads) {
  std::vector<std::uint32_t> begin(std::size_t{table.key_count()} + 1, 0);
  for (const KeyIndex key : reads.writes) ++begin[key + 1];
  for (std::size_t key = 1; key < begin.size(); ++key) begin[key] += begin[key - 1];

  writers_.resize(reads.writes.size());
  std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
  for (TransactionIndex t = 0; t < table.transaction_count(); ++t) {
    for (const KeyIndex key : reads.writes_of(t)) writers_[next[key]++] = t;
  }

  segment_begin_.reserve(begin.size());
  for (KeyIndex key = 0; key < table.key_count(); ++key) {
    segment_begin_.push_back(static_cast<std::uint32_t>(segments_.size()));
    for (std::uint32_t i = begin[key]; i < begin[key + 1]; ++i) {
      const SessionIndex session = table.session_of(writers_[i]);
      if (i == begin[key] || segments_.back().session != session) {
        segments_.push_back({.session = session, .begin = i});
      }
    }
  }
  segment_begin_.push_back(static_cast<std::uint32_t>(segments_.size()));
  segments_.push_back({.session = 0, .begin = static_cast<std::uint32_t>(writers_.size())});
}

}  // namespace ordeal
