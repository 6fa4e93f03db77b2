#pragma once
// What a transaction has to come after, in the form in which Walk, Clocks and find_path ask: `count(t)`, and
// `at(t, i)` for each i below it, where kInitialWriter stands for nobody.

#include "checkers/transactions/reads_from.h"

#include <cstdint>
#include <vector>

namespace ordeal {

/// A transaction comes after those whose writes it read.
struct ReadDependencies {
  const ReadsFrom& reads;

  [[nodiscard]] std::uint32_t count(TransactionIndex t) const {
    return reads.read_begin[t + 1] - reads.read_begin[t];
  }
  [[nodiscard]] TransactionIndex at(TransactionIndex t, std::uint32_t i) const {
    return reads.reads[reads.read_begin[t] + i].writer;
  }
};

/// Pairs of transactions of which one has to come before the other, collected and then sorted. Of those from
/// one session that have to come before the same transaction only the last is kept: the rest follows.
class Precedences {
 public:
  explicit Precedences(const TransactionTable& table) : table_(table) {}

  void add(TransactionIndex before, TransactionIndex after) {
    pairs_.push_back((std::uint64_t{after} << 32) | before);
    if (pairs_.size() >= compact_at_) compact();
  }
  /// Makes what was added visible to count and at. More can be added afterwards.
  void sort();

  [[nodiscard]] std::uint32_t count(TransactionIndex t) const {
    return begin_.empty() ? 0 : static_cast<std::uint32_t>(begin_[t + 1] - begin_[t]);
  }
  [[nodiscard]] TransactionIndex at(TransactionIndex t, std::uint32_t i) const {
    return static_cast<TransactionIndex>(pairs_[begin_[t] + i]);
  }
  [[nodiscard]] std::size_t size() const { return pairs_.size(); }
  /// Calls `visit(before, after)` for each pair.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const std::uint64_t pair : pairs_) {
      visit(static_cast<TransactionIndex>(pair), static_cast<TransactionIndex>(pair >> 32));
    }
  }

 private:
  void compact();

  static constexpr std::size_t kCompactFirst = std::size_t{1} << 20;

  const TransactionTable& table_;
  std::vector<std::uint64_t> pairs_;  ///< after, before
  std::vector<std::uint64_t> begin_;  ///< by `after`, one more than there are transactions
  std::size_t compact_at_ = kCompactFirst;
};

/// Both. A transaction's reads come first.
template <class First>
struct WithPrecedences {
  First first;
  const Precedences& second;

  [[nodiscard]] std::uint32_t count(TransactionIndex t) const { return first.count(t) + second.count(t); }
  [[nodiscard]] TransactionIndex at(TransactionIndex t, std::uint32_t i) const {
    const std::uint32_t firsts = first.count(t);
    return i < firsts ? first.at(t, i) : second.at(t, i - firsts);
  }
};
template <class First>
WithPrecedences(First, const Precedences&) -> WithPrecedences<First>;

}  // namespace ordeal
