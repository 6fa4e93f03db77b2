#include "checkers/simple/bank.h"

#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <set>
#include <string>

namespace ordeal {
namespace {

class BankRun {
 public:
  BankRun(const HistoryTable& history, const BankRules& rules) : history_(history), rules_(rules) {}

  Finding finish() && {
    for (const char* name : {"wrong-total", "negative-balance", "missing-balance", "other-accounts"})
      builder_.count(name, 0);
    for (const OperationRow& operation : history_.operations()) {
      if (history_.f_text(operation.invoke) == "read" && outcome_of(history_, operation) == OpType::kOk)
        read(operation);
    }
    builder_.count("reads", reads_);
    if (reads_ == 0) builder_.give_up("no read succeeded: nothing was checked");
    return std::move(builder_).finish(
        fmt::format("{} reads, each with a total of {}", reads_, rules_.total.value_or(0)));
  }

 private:
  void read(const OperationRow& operation) {
    const Value result = result_of(history_, operation);
    const Value::Map* balances = result.as_map();
    if (balances == nullptr) {
      return builder_.give_up(fmt::format("operation {} read {}, which is no map from accounts to balances",
                                          operation.invoke, to_text(result)));
    }
    ++reads_;
    std::set<std::string> accounts;
    std::int64_t total = 0;
    for (const auto& [account, balance] : *balances) {
      accounts.insert(account);
      const std::int64_t* amount = balance.as_int();
      if (amount == nullptr) {
        accuse("missing-balance", operation,
               fmt::format("{} read {} for account {}", who_and_when(history_, operation), to_text(balance),
                           account));
        return;
      }
      if (__builtin_add_overflow(total, *amount, &total))
        return builder_.give_up("a total does not fit into 64 bits");
      if (*amount < 0 && !rules_.negative_balances) {
        accuse("negative-balance", operation,
               fmt::format("{} read {} for account {}", who_and_when(history_, operation), *amount, account));
      }
    }
    compare(operation, accounts, total);
  }

  void compare(const OperationRow& operation, const std::set<std::string>& accounts, std::int64_t total) {
    if (accounts_.empty()) accounts_ = accounts;
    if (!rules_.total) rules_.total = total;
    if (accounts != accounts_) {
      accuse("other-accounts", operation,
             fmt::format("{} read {} accounts, and others than the first read",
                         who_and_when(history_, operation), accounts.size()));
    } else if (total != *rules_.total) {
      accuse("wrong-total", operation,
             fmt::format("{} read a total of {}, expected {}", who_and_when(history_, operation), total,
                         *rules_.total));
    }
  }

  void accuse(std::string_view name, const OperationRow& operation, const std::string& why) {
    Witness witness;
    witness.stuck = {step_of(operation, why)};
    builder_.accuse(name, std::move(witness), why);
  }

  const HistoryTable& history_;
  BankRules rules_;
  FindingBuilder builder_{"bank"};
  std::set<std::string> accounts_;  ///< of the first read
  std::int64_t reads_ = 0;
};

class Bank final : public Checker {
 public:
  explicit Bank(const BankRules& rules) : rules_(rules) {}

  [[nodiscard]] std::string_view name() const override { return "bank"; }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return BankRun(history, rules_).finish();
  }

 private:
  const BankRules rules_;
};

}  // namespace

std::unique_ptr<Checker> make_bank_checker(const BankRules& rules) {
  return std::make_unique<Bank>(rules);
}

}  // namespace ordeal
