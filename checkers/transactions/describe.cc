#include "checkers/transactions/describe.h"

#include <fmt/format.h>

namespace ordeal {
namespace {

constexpr std::uint32_t kAccessesShown = 8;

}  // namespace

std::string describe_transaction(const TransactionTable& table, TransactionIndex transaction) {
  std::string accesses;
  const std::uint32_t begin = table.access_begin(transaction);
  const std::uint32_t end = table.access_begin(transaction + 1);
  for (std::uint32_t i = begin; i < end && i < begin + kAccessesShown; ++i) {
    const Access access = table.access(i);
    accesses += fmt::format("{}{} {} {}", i == begin ? "" : ", ", access.write ? "w" : "r",
                            to_text(table.key_name(access.key)), to_text(table.value_name(access.value)));
  }
  if (end - begin > kAccessesShown) accesses += fmt::format(", and {} more", end - begin - kAccessesShown);
  return fmt::format("T{} of session {} ({})", table.position_of(transaction) + 1,
                     to_text(table.session_name(table.session_of(transaction))), accesses);
}

}  // namespace ordeal
