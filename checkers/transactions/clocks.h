#pragma once
// Vector clocks over transactions: for each transaction and session, how many transactions of that session
// come before it in some relation that contains the session order. A row of numbers is stored only where
// something of another session was learnt; in between, a session's transactions share it.

#include "checkers/transactions/dependencies.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace ordeal {

class Clocks {
 public:
  explicit Clocks(const TransactionTable& table);

  /// Gives t its clock from those of its dependencies and of its predecessor in the session. Requires: those
  /// have theirs, and no later one of the session has.
  template <class Dependencies>
  void add(TransactionIndex t, const Dependencies& dependencies) {
    std::uint32_t* fresh = nullptr;
    for (std::uint32_t i = 0; i < dependencies.count(t); ++i) {
      const TransactionIndex earlier = dependencies.at(t, i);
      if (earlier != kInitialWriter) learn(t, earlier, fresh);
    }
    rows_[t] = current_[table_.session_of(t)];
  }

  /// How many transactions of the session precede t; t itself does not.
  [[nodiscard]] std::uint32_t before(TransactionIndex t, SessionIndex session) const {
    return session == table_.session_of(t) ? table_.position_of(t) : rows_[t][session];
  }
  [[nodiscard]] bool precedes(TransactionIndex a, TransactionIndex b) const {
    return before(b, table_.session_of(a)) > table_.position_of(a);
  }

  /// Memory used, in bytes.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  void learn(TransactionIndex t, TransactionIndex earlier, std::uint32_t*& fresh) {
    const SessionIndex other = table_.session_of(earlier);
    const SessionIndex own = table_.session_of(t);
    // Who knows a transaction knows all that precedes it.
    if (other == own || current_[own][other] > table_.position_of(earlier)) return;
    if (fresh == nullptr) {
      fresh = new_row();
      std::copy_n(current_[own], table_.session_count(), fresh);
      current_[own] = fresh;
    }
    const std::uint32_t* const theirs = rows_[earlier];
    for (SessionIndex s = 0; s < table_.session_count(); ++s) fresh[s] = std::max(fresh[s], theirs[s]);
    fresh[other] = table_.position_of(earlier) + 1;
  }

  std::uint32_t* new_row();

  const TransactionTable& table_;
  std::vector<std::unique_ptr<std::uint32_t[]>> blocks_;
  std::size_t block_rows_ = 0;                 ///< that the last block has room for
  std::size_t block_used_ = 0;                 ///< of them
  std::uint64_t words_ = 0;                    ///< of all blocks
  std::vector<const std::uint32_t*> rows_;     ///< by transaction; the entry of its own session means nothing
  std::vector<const std::uint32_t*> current_;  ///< by session: the row of its latest transaction
};

}  // namespace ordeal
