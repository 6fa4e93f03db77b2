#include "checkers/consistency/register_story.h"

#include "checkers/transactions/describe.h"

#include <fmt/format.h>

namespace ordeal {
namespace {

class Story {
 public:
  explicit Story(const TransactionTable& table) : table_(table) {}

  Witness tell(const Violation& violation) && {
    if (violation.reader) add(*violation.reader, read_text(violation));
    for (const OrderStep& step : violation.steps) add(step.to, step_text(step));
    // A search that went through all orders has no single operation to show.
    return std::move(witness_);
  }

 private:
  [[nodiscard]] std::string name(TransactionIndex t) const { return describe_transaction(table_, t); }
  [[nodiscard]] std::string key(KeyIndex key) const { return to_text(table_.key_name(key)); }

  void add(TransactionIndex t, std::string text) {
    witness_.stuck.push_back({.invoke = table_.origin(t), .complete = std::nullopt, .text = std::move(text)});
  }

  [[nodiscard]] std::string read_text(const Violation& violation) const {
    const std::string reader = name(*violation.reader);
    if (violation.steps.empty()) {
      const std::string source =
          violation.source == kInitialWriter ? "" : fmt::format(", by {}", name(violation.source));
      return fmt::format("{} read of {} what it cannot have read{}", reader, key(violation.key), source);
    }
    if (violation.source == kInitialWriter) {
      return fmt::format("{} read the initial value of {}, though it saw a write of it", reader,
                         key(violation.key));
    }
    return fmt::format("{} read {} from {}, though it saw a later write of it", reader, key(violation.key),
                       name(violation.source));
  }

  [[nodiscard]] std::string step_text(const OrderStep& step) const {
    switch (step.relation) {
      case Relation::kSession:
        return fmt::format("{} comes after {} in its session", name(step.to), name(step.from));
      case Relation::kReads:
        return fmt::format("{} read {} from {}", name(step.to), key(step.key), name(step.from));
      case Relation::kForced:
        if (step.reader == kInitialWriter || step.reader == step.to) {
          return fmt::format("{} comes before {}", name(step.from), name(step.to));
        }
        return fmt::format("{} comes after {}, which {} saw when it read {} from the former", name(step.to),
                           name(step.from), name(step.reader), key(step.key));
    }
    return "";
  }

  const TransactionTable& table_;
  Witness witness_;
};

}  // namespace

Witness tell(const TransactionTable& table, const Violation& violation) {
  return Story(table).tell(violation);
}

}  // namespace ordeal
