#include "checkers/formats/plain_transactions.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

namespace ordeal {
namespace {

bool is_natural(const Value& name) {
  const std::int64_t* n = name.as_int();
  return n != nullptr && *n >= 0;
}

class PlainMaker {
 public:
  explicit PlainMaker(const TransactionTable& table) : table_(table) {}

  Result<PlainTransactions> make() && {
    decide_outcomes();
    look_at_names();
    for (SessionIndex s = 0; s < table_.session_count(); ++s) (void)builder_.session(std::int64_t{s});
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) copy(t);
    Result<TransactionTable> table = std::move(builder_).finish();
    if (!table.ok()) return table.error();
    return PlainTransactions{.table = std::move(table).value(), .notes = notes()};
  }

 private:
  using Written = std::pair<KeyIndex, ValueCode>;

  template <class Visit>
  void for_each_access(TransactionIndex t, const Visit& visit) const {
    for (std::uint32_t i = table_.access_begin(t); i < table_.access_begin(t + 1); ++i)
      visit(table_.access(i));
  }

  /// Follows what was read from those that committed to those that must have, too.
  void decide_outcomes() {
    std::map<Written, TransactionIndex> unknown_writer;
    std::vector<TransactionIndex> committed;
    outcome_.resize(table_.transaction_count());
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      outcome_[t] = table_.outcome(t);
      if (outcome_[t] == TransactionOutcome::kCommitted) committed.push_back(t);
      if (outcome_[t] != TransactionOutcome::kUnknown) continue;
      outcome_[t] = TransactionOutcome::kAborted;
      ++unknown_;
      for_each_access(t, [&](const Access& access) {
        if (access.write) unknown_writer.emplace(Written(access.key, access.value), t);
      });
    }
    while (!committed.empty()) {
      const TransactionIndex reader = committed.back();
      committed.pop_back();
      for_each_access(reader, [&](const Access& access) {
        if (access.write) return;
        const auto writer = unknown_writer.find({access.key, access.value});
        if (writer == unknown_writer.end() || outcome_[writer->second] == TransactionOutcome::kCommitted)
          return;
        outcome_[writer->second] = TransactionOutcome::kCommitted;
        ++seen_;
        committed.push_back(writer->second);
      });
    }
  }

  void look_at_names() {
    for (KeyIndex key = 0; key < table_.key_count(); ++key) number_keys_ |= !is_natural(table_.key_name(key));
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      for_each_access(t, [this](const Access& access) {
        if (access.value != kInitialCode) number_values_ |= !is_natural(table_.value_name(access.value));
      });
    }
  }

  void copy(TransactionIndex t) {
    const std::uint32_t fresh = builder_.begin(table_.session_of(t), outcome_[t], table_.origin(t));
    for_each_access(t, [&](const Access& access) {
      const std::int64_t key =
          number_keys_ ? std::int64_t{access.key} + 1 : *table_.key_name(access.key).as_int();
      builder_.add(fresh, {.write = access.write, .key = builder_.key(key), .value = value_of(access.value)});
    });
  }

  ValueCode value_of(ValueCode code) {
    if (code == kInitialCode) return kInitialCode;
    if (!number_values_) return builder_.value(*table_.value_name(code).as_int());
    const auto [number, fresh] = numbers_.try_emplace(code, static_cast<std::int64_t>(numbers_.size()) + 1);
    return builder_.value(number->second);
  }

  [[nodiscard]] std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    if (unknown_ > 0) {
      notes.push_back(
          fmt::format("of {} transactions of unknown outcome {} were read from and are committed; the rest, "
                      "which nobody saw, are aborted",
                      unknown_, seen_));
    }
    if (number_keys_) notes.push_back(fmt::format("{} keys are numbered from 1", table_.key_count()));
    if (number_values_) notes.push_back(fmt::format("{} values are numbered from 1", numbers_.size()));
    return notes;
  }

  const TransactionTable& table_;
  TransactionTableBuilder builder_;
  std::vector<TransactionOutcome> outcome_;
  std::map<ValueCode, std::int64_t> numbers_;
  std::uint64_t unknown_ = 0;
  std::uint64_t seen_ = 0;  ///< of them
  bool number_keys_ = false;
  bool number_values_ = false;
};

}  // namespace

Result<PlainTransactions> make_plain(const TransactionTable& table) {
  return PlainMaker(table).make();
}

}  // namespace ordeal
