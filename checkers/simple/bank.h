#pragma once
// A bank: `read` returns all accounts with their balances, `transfer` moves money between them. Every read
// has to see the same total, and no negative balance unless they are allowed: a read of one moment, which
// snapshot isolation promises.

#include "checkers/checker.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace ordeal {

struct BankRules {
  std::optional<std::int64_t> total;  ///< of all accounts; if it is not given, that of the first read
  bool negative_balances = false;     ///< are allowed
};

/// Named "bank". O(accounts of all reads).
[[nodiscard]] std::unique_ptr<Checker> make_bank_checker(const BankRules& rules);

}  // namespace ordeal
