#include "checkers/transactions/transaction_table.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ordeal {
namespace {

/// Codes with this bit are positions in the pool; the rest are the positive integers themselves.
constexpr ValueCode kPooled = ValueCode{1} << 63;
constexpr std::uint32_t kCountMax = std::numeric_limits<std::uint32_t>::max() - 1;

/// Rows of a column, put where `place` says.
template <class T>
void rearrange(std::vector<T>& column, const std::vector<std::uint32_t>& place) {
  std::vector<T> sorted(column.size());
  for (std::size_t i = 0; i < column.size(); ++i) sorted[place[i]] = column[i];
  column = std::move(sorted);
}

/// Where each row goes when rows are sorted by `group`, those of one group staying in order. `begin` becomes
/// the first place of each group and, at the end, the number of rows.
std::vector<std::uint32_t> places_by_group(const std::vector<std::uint32_t>& group, std::uint32_t groups,
                                           std::vector<std::uint32_t>& begin) {
  begin.assign(std::size_t{groups} + 1, 0);
  for (const std::uint32_t g : group) ++begin[g + 1];
  for (std::size_t g = 1; g < begin.size(); ++g) begin[g] += begin[g - 1];
  std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
  std::vector<std::uint32_t> place(group.size());
  for (std::size_t i = 0; i < group.size(); ++i) place[i] = next[group[i]]++;
  return place;
}

}  // namespace

Value TransactionTable::value_name(ValueCode code) const {
  if (code == kInitialCode) return {};
  if ((code & kPooled) != 0) return values_pool_.value(static_cast<std::uint32_t>(code & ~kPooled));
  return static_cast<std::int64_t>(code);
}

ValueCode TransactionTableBuilder::value(std::int64_t value) {
  if (value > 0) return static_cast<ValueCode>(value);
  return kPooled | table_.values_pool_.index_of(value);
}

ValueCode TransactionTableBuilder::value(const Value& value) {
  if (value.is_nil()) return kInitialCode;
  if (const std::int64_t* integer = value.as_int()) return this->value(*integer);
  return kPooled | table_.values_pool_.index_of(value);
}

std::uint32_t TransactionTableBuilder::begin(SessionIndex session, TransactionOutcome outcome,
                                             std::uint64_t origin) {
  too_many_ = too_many_ || table_.outcome_.size() >= kCountMax;
  table_.session_of_.push_back(session);
  table_.outcome_.push_back(outcome);
  table_.origin_.push_back(origin);
  return static_cast<std::uint32_t>(table_.outcome_.size() - 1);
}

void TransactionTableBuilder::add(std::uint32_t transaction, const Access& access) {
  too_many_ = too_many_ || table_.values_.size() >= kCountMax || access.key >= TransactionTable::kWriteMark;
  in_order_ = in_order_ && (transaction_of_.empty() || transaction_of_.back() <= transaction);
  table_.values_.push_back(access.value);
  table_.marks_.push_back(access.key | (access.write ? TransactionTable::kWriteMark : 0));
  transaction_of_.push_back(transaction);
}

void TransactionTableBuilder::sort_transactions() {
  const bool sorted = std::is_sorted(table_.session_of_.begin(), table_.session_of_.end());
  const auto place = places_by_group(table_.session_of_, table_.sessions_.size(), table_.session_begin_);
  if (sorted) return;
  rearrange(table_.session_of_, place);
  rearrange(table_.outcome_, place);
  rearrange(table_.origin_, place);
  for (std::uint32_t& transaction : transaction_of_) transaction = place[transaction];
  in_order_ = false;
}

void TransactionTableBuilder::sort_accesses() {
  const auto place = places_by_group(transaction_of_, table_.transaction_count(), table_.access_begin_);
  if (in_order_) return;
  rearrange(table_.values_, place);
  rearrange(table_.marks_, place);
}

Result<TransactionTable> TransactionTableBuilder::finish() && {
  if (too_many_) {
    return Error{ErrorCode::kResourceExhausted,
                 "the history has more than 4,294,967,294 transactions or accesses, or 2,147,483,647 keys; "
                 "check it in parts"};
  }
  sort_transactions();
  sort_accesses();
  return std::move(table_);
}

}  // namespace ordeal
