#include "checkers/transactions/list_history.h"

#include "checkers/micro_op.h"

#include <fmt/format.h>

#include <optional>

namespace ordeal {
namespace {

class ListReader {
 public:
  explicit ListReader(const HistoryTable& history) : history_(history) {}

  Result<ListHistory> run() && {
    for (const OperationRow& operation : history_.operations()) {
      const OpType outcome = operation.completed() ? history_.type(operation.complete) : OpType::kInfo;
      ListTransaction transaction{.process = history_.process(operation.invoke),
                                  .outcome = outcome == OpType::kOk     ? TransactionOutcome::kCommitted
                                             : outcome == OpType::kFail ? TransactionOutcome::kAborted
                                                                        : TransactionOutcome::kUnknown,
                                  .invoke = operation.invoke,
                                  .complete = operation.complete,
                                  .begin = static_cast<std::uint32_t>(out_.accesses.size()),
                                  .end = 0};
      // Only a success says what was read.
      const std::uint32_t told = outcome == OpType::kOk ? operation.complete : operation.invoke;
      if (Status status = accesses(told, outcome == OpType::kOk); !status.ok()) return status.error();
      transaction.end = static_cast<std::uint32_t>(out_.accesses.size());
      out_.transactions.push_back(transaction);
    }
    return std::move(out_);
  }

 private:
  Status accesses(std::uint32_t position, bool succeeded) {
    const Value value = history_.pool().value(history_.value(position));
    const Value::List* list = value.as_list();
    if (list == nullptr) return wrong(position, value, "a list of micro-operations");
    for (const Value& access : *list) {
      const std::optional<MicroOp> micro = as_micro_op(access);
      if (!micro || micro->version != nullptr || (micro->f != "append" && micro->f != "r")) {
        return wrong(position, access, "[append KEY ELEMENT] or [r KEY LIST]");
      }
      const KeyIndex key = out_.keys.index_of(*micro->key);
      if (micro->f == "append") {
        ListAccess append{.append = true, .known = true, .key = key};
        append.element = out_.element_names.index_of(*micro->value);
        out_.accesses.push_back(append);
      } else if (Status read = this->read(position, key, *micro->value, succeeded); !read.ok()) {
        return read;
      }
    }
    return {};
  }

  // A successful read of nil is one of a list that is not there yet.
  Status read(std::uint32_t position, KeyIndex key, const Value& result, bool succeeded) {
    ListAccess read{
        .append = false, .known = succeeded, .key = key, .element = 0, .begin = out_.elements.size()};
    const Value::List* list = result.as_list();
    if (succeeded && list == nullptr && !result.is_nil()) return wrong(position, result, "a list");
    if (succeeded && list != nullptr) {
      for (const Value& element : *list) out_.elements.push_back(out_.element_names.index_of(element));
    }
    read.length = static_cast<std::uint32_t>(out_.elements.size() - read.begin);
    out_.accesses.push_back(read);
    return {};
  }

  static Error wrong(std::uint32_t position, const Value& found, std::string_view expected) {
    return invalid_argument(
        fmt::format("operation {}: expected {}, found {}", position, expected, to_text(found)));
  }

  const HistoryTable& history_;
  ListHistory out_;
};

}  // namespace

Result<ListHistory> read_list_history(const HistoryTable& history) {
  return ListReader(history).run();
}

}  // namespace ordeal
