#include "checkers/simple/kafka_history.h"

#include "checkers/dense_numbers.h"
#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace ordeal {
namespace {

std::string_view without_keyword_colon(std::string_view text) {
  return text.starts_with(':') ? text.substr(1) : text;
}

class KafkaReader {
 public:
  explicit KafkaReader(const HistoryTable& history) : history_(history) {}

  KafkaHistory read() && {
    for (const OperationRow& operation : history_.operations()) {
      const std::string& f = history_.f_text(operation.invoke);
      if (f == "send" || f == "poll" || f == "txn") {
        transact(operation);
      } else if (f == "assign" || f == "subscribe") {
        out_.subscribes |= f == "subscribe";
        assign(operation);
      }
    }
    return std::move(out_);
  }

 private:
  void malformed(const OperationRow& operation, const std::string& what) {
    if (out_.problem) return;
    out_.problem = fmt::format("operation {}, {} of {}, has {}", operation.invoke,
                               history_.f_text(operation.invoke), who_and_when(history_, operation), what);
  }

  /// What was answered, or what was asked for when nothing was.
  [[nodiscard]] Value value_of(const OperationRow& operation) const {
    if (operation.completed()) {
      Value result = result_of(history_, operation);
      if (!result.is_nil()) return result;
    }
    return argument_of(history_, operation);
  }

  /// In EDN a key is an integer, as a key of a map it is text.
  std::uint32_t key_number(const Value& key) {
    const std::string text = key.as_string() != nullptr ? *key.as_string() : to_text(key);
    const std::uint32_t number = keys_.number(pool_.string(without_keyword_colon(text)).bits);
    if (number == out_.keys.size()) out_.keys.emplace_back(without_keyword_colon(text));
    return number;
  }

  KafkaRecord record(std::uint32_t key, const Value& value, std::optional<std::int64_t> offset) {
    const std::uint32_t number = messages_.number(pool_.pair(pool_.integer(key), pool_.cell(value)).bits);
    if (number == out_.messages.size()) out_.messages.push_back({.key = key, .value = value});
    return {.message = number, .key = key, .offset = offset};
  }

  /// [OFFSET VALUE]; nothing when it is not that.
  std::optional<KafkaRecord> as_record(std::uint32_t key, const Value& value) {
    const Value::List* pair = value.as_list();
    if (pair == nullptr || pair->size() != 2) return std::nullopt;
    const std::int64_t* offset = pair->front().as_int();
    if (offset == nullptr && !pair->front().is_nil()) return std::nullopt;
    return record(key, pair->back(), offset != nullptr ? std::optional(*offset) : std::nullopt);
  }

  void transact(const OperationRow& operation) {
    KafkaOperation out{.operation = operation,
                       .outcome = outcome_of(history_, operation),
                       .sends = {},
                       .polls = {},
                       .rebalanced = {},
                       .assigns = false,
                       .from_beginning = false,
                       .assigned = {}};
    const Value value = value_of(operation);
    if (value.as_list() == nullptr)
      return malformed(operation, fmt::format("the value {}, which is no list", to_text(value)));
    for (const Value& step : *value.as_list()) {
      if (!take(step, out))
        return malformed(operation,
                         fmt::format("{}, which is no [:send KEY VALUE] and no [:poll {{KEY [[OFFSET "
                                     "VALUE] ...]}}]",
                                     to_text(step)));
    }
    if (operation.completed()) {
      if (const std::optional<Cell> log = history_.extra(operation.complete, "rebalance-log"))
        out.rebalanced = rebalanced(history_.pool().value(*log));
    }
    out_.operations.push_back(std::move(out));
  }

  bool take(const Value& step, KafkaOperation& out) {
    const Value::List* parts = step.as_list();
    const std::string* word = parts != nullptr && !parts->empty() ? parts->front().as_string() : nullptr;
    if (word == nullptr) return false;
    const std::string_view f = without_keyword_colon(*word);
    if (f == "send" && parts->size() == 3) {
      const std::uint32_t key = key_number((*parts)[1]);
      const std::optional<KafkaRecord> answered = as_record(key, parts->back());
      out.sends.push_back(answered ? *answered : record(key, parts->back(), std::nullopt));
      return true;
    }
    if (f != "poll" || parts->size() > 2) return false;
    if (parts->size() == 1 || parts->back().is_nil()) return true;
    const Value::Map* polled = parts->back().as_map();
    if (polled == nullptr) return false;
    for (const auto& [key, records] : *polled) {
      if (!take_records(key_number(Value(key)), records, out)) return false;
    }
    return true;
  }

  bool take_records(std::uint32_t key, const Value& records, KafkaOperation& out) {
    if (records.as_list() == nullptr) return records.is_nil();
    for (const Value& pair : *records.as_list()) {
      const std::optional<KafkaRecord> polled = as_record(key, pair);
      if (!polled) return false;
      out.polls.push_back(*polled);
    }
    return true;
  }

  std::vector<std::uint32_t> key_numbers(const Value::List& keys) {
    std::vector<std::uint32_t> out;
    for (const Value& key : keys) out.push_back(key_number(key));
    std::sort(out.begin(), out.end());
    return out;
  }

  std::vector<std::uint32_t> rebalanced(const Value& log) {
    Value::List all;
    if (log.as_list() != nullptr) {
      for (const Value& event : *log.as_list()) {
        const Value* keys = event.find("keys") != nullptr ? event.find("keys") : event.find(":keys");
        if (keys != nullptr && keys->as_list() != nullptr)
          all.insert(all.end(), keys->as_list()->begin(), keys->as_list()->end());
      }
    }
    return key_numbers(all);
  }

  void assign(const OperationRow& operation) {
    const OpType outcome = outcome_of(history_, operation);
    if (outcome == OpType::kFail) return;
    const Value value = value_of(operation);
    if (value.as_list() == nullptr)
      return malformed(operation, fmt::format("the value {}, which is no list of keys", to_text(value)));
    const std::optional<Cell> seeks = history_.extra(operation.invoke, "seek-to-beginning?");
    out_.operations.push_back({.operation = operation,
                               .outcome = outcome,
                               .sends = {},
                               .polls = {},
                               .rebalanced = {},
                               .assigns = true,
                               .from_beginning = seeks && history_.pool().value(*seeks) == Value(true),
                               .assigned = key_numbers(*value.as_list())});
  }

  const HistoryTable& history_;
  KafkaHistory out_;
  ValuePool pool_;  ///< of keys, and of messages as pairs of their key's number and their value
  DenseNumbers keys_;
  DenseNumbers messages_;
};

}  // namespace

KafkaHistory read_kafka(const HistoryTable& history) {
  return KafkaReader(history).read();
}

}  // namespace ordeal
