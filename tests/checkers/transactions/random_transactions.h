#pragma once
// Random small histories of transactions, from nearly serial to nonsense.

#include "checkers/transactions/transaction_table.h"
#include "common/prng.h"

#include <cstdint>

namespace ordeal::testing {

struct TransactionShape {
  std::uint32_t sessions = 3;
  std::uint32_t transactions = 5;
  std::uint32_t keys = 2;
  std::uint32_t accesses_max = 1;        ///< of a transaction
  std::uint32_t odd_outcomes_of_16 = 0;  ///< aborted or unknown; an unknown one ends its session
  std::uint32_t lies_of_16 = 0;          ///< reads of any value that anybody writes, or of none
};

/// Each session sees a replica of its own, which learns of the others' writes now and then.
[[nodiscard]] TransactionTable random_transactions(Rng& rng, const TransactionShape& shape);

}  // namespace ordeal::testing
