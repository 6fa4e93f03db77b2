#pragma once
// For formats without a word for what a key holds at the beginning: some number stands for it, 0 as a rule,
// unless a transaction that was not aborted writes that number to the key. Who that is may come later in the
// file than who read it, so accesses are kept until the end.

#include "checkers/transactions/transaction_table.h"

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace ordeal {

class InitialValues {
 public:
  /// For sessions, keys and transactions; accesses come through `add` alone.
  [[nodiscard]] TransactionTableBuilder& builder() { return builder_; }

  struct Row {
    std::uint32_t transaction = 0;
    bool write = false;
    bool aborted = false;  ///< of the transaction
    KeyIndex key = 0;
    std::int64_t value = 0;
    bool initial = false;  ///< whether the value may stand for the initial one
  };
  void add(const Row& row);
  /// A read of the initial value, said in so many words.
  void add_initial_read(std::uint32_t transaction, KeyIndex key);

  [[nodiscard]] Result<TransactionTable> finish() &&;

 private:
  TransactionTableBuilder builder_;
  std::vector<Row> rows_;
  std::set<std::pair<KeyIndex, std::int64_t>> written_;  ///< of values that may stand for the initial one
};

}  // namespace ordeal
