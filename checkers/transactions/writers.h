#pragma once
// Who wrote each key: the present writers of a key in order of their numbers, and so session by session, each
// session's in its order. A question that all levels ask is for the last writer of a key in a session before
// some position.

#include "checkers/transactions/reads_from.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace ordeal {

class Writers {
 public:
  Writers(const TransactionTable& table, const ReadsFrom& reads);

  /// The writers of a key in one session.
  struct Segment {
    SessionIndex session = 0;
    std::uint32_t begin = 0;  ///< in `all`; it ends where the next segment begins
  };

  /// The segments of a key, in order of sessions.
  [[nodiscard]] std::span<const Segment> segments_of(KeyIndex key) const {
    return std::span(segments_).subspan(segment_begin_[key], segment_begin_[key + 1] - segment_begin_[key]);
  }
  /// Requires: `segment` is an element of what segments_of gave.
  [[nodiscard]] std::span<const TransactionIndex> writers_in(const Segment& segment) const {
    return std::span(writers_).subspan(segment.begin, (&segment)[1].begin - segment.begin);
  }
  /// The last writer in the segment whose number is below `limit`; kInitialWriter when there is none.
  /// Requires: `segment` is an element of what segments_of gave.
  [[nodiscard]] TransactionIndex last_before(const Segment& segment, TransactionIndex limit) const {
    const TransactionIndex* const first = writers_.data() + segment.begin;
    const TransactionIndex* const end = writers_.data() + (&segment)[1].begin;
    const TransactionIndex* const at = std::lower_bound(first, end, limit);
    return at == first ? kInitialWriter : at[-1];
  }

  /// Every pair of a key and a writer has a number, below slot_count(). Those of a key are neighbours.
  /// Requires: `writer` wrote the key.
  [[nodiscard]] std::uint32_t slot_of(KeyIndex key, TransactionIndex writer) const {
    const auto all = writers_of(key);
    return static_cast<std::uint32_t>(std::lower_bound(all.begin(), all.end(), writer) - all.begin() +
                                      segments_[segment_begin_[key]].begin);
  }
  [[nodiscard]] bool wrote(KeyIndex key, TransactionIndex transaction) const {
    const auto all = writers_of(key);
    return std::binary_search(all.begin(), all.end(), transaction);
  }
  [[nodiscard]] TransactionIndex writer_at(std::uint32_t slot) const { return writers_[slot]; }
  [[nodiscard]] std::uint32_t slot_count() const { return static_cast<std::uint32_t>(writers_.size()); }

  /// All writers of a key.
  [[nodiscard]] std::span<const TransactionIndex> writers_of(KeyIndex key) const {
    const std::uint32_t begin = segments_[segment_begin_[key]].begin;
    return std::span(writers_).subspan(begin, segments_[segment_begin_[key + 1]].begin - begin);
  }

 private:
  std::vector<TransactionIndex> writers_;
  std::vector<Segment> segments_;             ///< of all keys, and one that ends the last
  std::vector<std::uint32_t> segment_begin_;  ///< by key, one more than there are
};

}  // namespace ordeal
