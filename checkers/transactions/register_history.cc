#include "checkers/transactions/register_history.h"

#include "checkers/micro_op.h"

#include <fmt/format.h>

#include <optional>

namespace ordeal {
namespace {

class RegisterReader {
 public:
  explicit RegisterReader(const HistoryTable& history)
      : history_(history),
        read_(history.find_name("read")),
        write_(history.find_name("write")),
        cas_(history.find_name("cas")) {}

  Result<RegisterHistory> run() && {
    for (const OperationRow& operation : history_.operations()) {
      if (Status added = add(operation); !added.ok()) return added.error();
    }
    Result<TransactionTable> table = std::move(builder_).finish();
    if (!table.ok()) return table.error();
    return RegisterHistory{.table = *std::move(table), .versions = std::move(versions_)};
  }

 private:
  [[nodiscard]] OpType outcome_of(const OperationRow& operation) const {
    return operation.completed() ? history_.type(operation.complete) : OpType::kInfo;
  }
  [[nodiscard]] Value value_at(std::uint32_t position) const {
    return history_.pool().value(history_.value(position));
  }

  std::uint32_t begin(const OperationRow& operation, OpType outcome) {
    const TransactionOutcome became = outcome == OpType::kOk     ? TransactionOutcome::kCommitted
                                      : outcome == OpType::kFail ? TransactionOutcome::kAborted
                                                                 : TransactionOutcome::kUnknown;
    return builder_.begin(builder_.session(history_.process(operation.invoke).value()), became,
                          operation.invoke);
  }
  void access(std::uint32_t transaction, bool write, const Value& key, const Value& value) {
    builder_.add(transaction, {.write = write, .key = builder_.key(key), .value = builder_.value(value)});
  }

  void claim(const Value& key, const Value& value, std::optional<std::uint64_t> version) {
    if (version) versions_.push_back({builder_.key(key), builder_.value(value), *version});
  }
  /// The version that the server gave with its answer.
  [[nodiscard]] std::optional<std::uint64_t> version_of(const OperationRow& operation) const {
    return operation.completed() ? history_.version(operation.complete) : std::nullopt;
  }

  Status add(const OperationRow& operation) {
    const OpType outcome = outcome_of(operation);
    const OpName f = history_.f(operation.invoke);
    const Value key = history_.pool().value(history_.key(operation.invoke));
    if (f == read_ && !key.is_nil()) {
      if (outcome != OpType::kOk) return {};
      access(begin(operation, outcome), false, key, value_at(operation.complete));
      claim(key, value_at(operation.complete), version_of(operation));
      return {};
    }
    if (f == write_ && !key.is_nil()) {
      access(begin(operation, outcome), true, key, value_at(operation.invoke));
      if (outcome == OpType::kOk) claim(key, value_at(operation.invoke), version_of(operation));
      return {};
    }
    if (f == cas_ && !key.is_nil()) return cas(operation, outcome, key);
    return transaction(operation, outcome);
  }

  Status cas(const OperationRow& operation, OpType outcome, const Value& key) {
    const Value value = value_at(operation.invoke);
    const Value::List* pair = value.as_list();
    if (pair == nullptr || pair->size() != 2) return wrong(operation.invoke, value, "[expected new]");
    if (outcome == OpType::kFail) {
      const std::optional<Cell> seen = history_.extra(operation.complete, "seen");
      if (seen) access(begin(operation, OpType::kOk), false, key, history_.pool().value(*seen));
      return {};
    }
    const std::uint32_t t = begin(operation, outcome);
    access(t, false, key, pair->front());
    if (pair->front() != pair->back()) access(t, true, key, pair->back());
    if (outcome == OpType::kOk) claim(key, pair->back(), version_of(operation));
    return {};
  }

  Status transaction(const OperationRow& operation, OpType outcome) {
    const std::uint32_t told = outcome == OpType::kOk ? operation.complete : operation.invoke;
    const Value value = value_at(told);
    const Value::List* list = value.as_list();
    constexpr std::string_view kExpected =
        "read, write or cas of a key, or a list of [r KEY VALUE] and [w KEY VALUE]";
    if (list == nullptr) return wrong(told, value, kExpected);
    const std::uint32_t t = begin(operation, outcome);
    for (const Value& each : *list) {
      const std::optional<MicroOp> micro = as_micro_op(each);
      if (!micro || (micro->f != "r" && micro->f != "w")) return wrong(told, each, kExpected);
      if (micro->f == "r" && outcome != OpType::kOk) continue;  // Nobody knows what it read.
      access(t, micro->f == "w", *micro->key, *micro->value);
      if (micro->version == nullptr || micro->version->is_nil()) continue;
      const std::int64_t* version = micro->version->as_int();
      if (version == nullptr || *version < 0)
        return wrong(told, *micro->version, "a version, which is a whole number");
      claim(*micro->key, *micro->value, static_cast<std::uint64_t>(*version));
    }
    return {};
  }

  [[nodiscard]] Error wrong(std::uint32_t position, const Value& found, std::string_view expected) const {
    return invalid_argument(fmt::format("operation {}, {}: expected {}, found {}", position,
                                        history_.f_text(position), expected, to_text(found)));
  }

  const HistoryTable& history_;
  const std::optional<OpName> read_;
  const std::optional<OpName> write_;
  const std::optional<OpName> cas_;
  TransactionTableBuilder builder_;
  std::vector<VersionClaim> versions_;
};

}  // namespace

Result<RegisterHistory> read_register_history(const HistoryTable& history) {
  return RegisterReader(history).run();
}

}  // namespace ordeal
