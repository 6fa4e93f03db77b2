#pragma once
// Consistency levels by the names that users know, as checkers of a history: which code decides a level hangs
// on what was recorded, registers or lists.

#include "checkers/checker.h"
#include "checkers/transactions/transaction_table.h"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace ordeal {

struct ConsistencyLevelInfo {
  std::string_view name;
  std::string_view text;
};

/// From weak to strong, as far as they can be compared.
[[nodiscard]] const std::vector<ConsistencyLevelInfo>& list_consistency_levels();

/// Null when there is no such level. The checker has the level's name. A history that does not tell enough
/// for it gives unknown with the reason.
[[nodiscard]] std::unique_ptr<Checker> make_consistency_checker(std::string_view name);

/// The same for transactions that were never a history. Nothing when there is no such level. Steps of a
/// witness are the table's origins.
[[nodiscard]] std::optional<Finding> check_register_level(std::string_view name,
                                                          const TransactionTable& table,
                                                          const Budget& budget);

}  // namespace ordeal
