#pragma once
// Why one transaction comes before another: the shortest chain of single steps, each of which a person can
// look up in the history.

#include "checkers/transactions/dependencies.h"

#include <cstdint>
#include <vector>

namespace ordeal {

/// One step of a chain. What kind of dependency it is, whoever knows the dependencies can say.
struct PathStep {
  TransactionIndex from = 0;
  TransactionIndex to = 0;
  bool session = false;  ///< `from` is earlier in the session of `to`; else `to` depends on `from`
};

/// Goes from the end of the chain to its beginning, breadth first, where all earlier transactions of a
/// session are one step away.
class PathSearch {
 public:
  explicit PathSearch(const TransactionTable& table)
      : table_(table), step_to_(table.transaction_count()), covered_(table.session_count()) {}

  /// The shortest chain from `from` to `to`; for the same transaction, the shortest way round. Empty when
  /// there is none.
  template <class Dependencies>
  [[nodiscard]] std::vector<PathStep> find(TransactionIndex from, TransactionIndex to,
                                           const Dependencies& dependencies) {
    start(to);
    for (std::size_t at = 0; at < reached_.size(); ++at) {
      const TransactionIndex t = reached_[at];
      for (std::uint32_t i = 0; i < dependencies.count(t); ++i) {
        const TransactionIndex earlier = dependencies.at(t, i);
        if (earlier != kInitialWriter) reach(earlier, {.next = t, .session = false});
      }
      reach_session(t);
      if (step_to_[from].next != kNotReached) return chain(from, to);
    }
    return {};
  }

 private:
  static constexpr TransactionIndex kNotReached = UINT32_MAX;

  struct Reached {
    TransactionIndex next = kNotReached;  ///< the transaction one step nearer to the end
    bool session = false;
  };

  void start(TransactionIndex to);
  void reach(TransactionIndex t, const Reached& step) {
    if (step_to_[t].next != kNotReached) return;
    step_to_[t] = step;
    reached_.push_back(t);
  }
  /// All that come before t in its session.
  void reach_session(TransactionIndex t);
  [[nodiscard]] std::vector<PathStep> chain(TransactionIndex from, TransactionIndex to) const;

  const TransactionTable& table_;
  std::vector<Reached> step_to_;           ///< by transaction
  std::vector<TransactionIndex> covered_;  ///< by session: all below this number are reached
  std::vector<TransactionIndex> reached_;  ///< in the order of the search
};

}  // namespace ordeal
