#include "checkers/formats/initial_values.h"

#include <limits>

namespace ordeal {
namespace {

/// Stands in Row::value with a write that cannot be, for the initial value in so many words.
constexpr std::int64_t kSaid = std::numeric_limits<std::int64_t>::min();

}  // namespace

void InitialValues::add(const Row& row) {
  rows_.push_back(row);
  if (row.write && row.initial && !row.aborted) written_.emplace(row.key, row.value);
}

void InitialValues::add_initial_read(std::uint32_t transaction, KeyIndex key) {
  rows_.push_back({.transaction = transaction,
                   .write = false,
                   .aborted = false,
                   .key = key,
                   .value = kSaid,
                   .initial = true});
}

Result<TransactionTable> InitialValues::finish() && {
  for (const Row& row : rows_) {
    const bool initial = !row.write && row.initial && !written_.contains({row.key, row.value});
    builder_.add(
        row.transaction,
        {.write = row.write, .key = row.key, .value = initial ? kInitialCode : builder_.value(row.value)});
  }
  return std::move(builder_).finish();
}

}  // namespace ordeal
