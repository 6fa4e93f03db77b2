#pragma once
// What the simple checkers have in common: counting, and naming the guilty operations.

#include "checkers/checker.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ordeal {

class FindingBuilder {
 public:
  explicit FindingBuilder(std::string_view checker) { finding_.checker = checker; }

  /// Something is wrong, shown by these operations. Only the first few are kept; all are counted under
  /// `name`.
  void accuse(std::string_view name, Witness witness, const std::string& why);
  /// A figure of `details`; one that is 0 is there too.
  void count(std::string_view name, std::int64_t number) { details_[std::string(name)] = number; }
  /// Another member of `details`.
  void note(std::string_view name, Value value) { details_[std::string(name)] = std::move(value); }
  /// Nothing can be said, and why; unless something is wrong.
  void give_up(const std::string& why);

  /// Valid with this sentence if nothing was wrong.
  [[nodiscard]] Finding finish(const std::string& valid_why) &&;

 private:
  Finding finding_{.checker = {}, .verdict = Verdict::kValid, .why = {}, .witnesses = {}, .details = {}};
  Value::Map details_;
};

[[nodiscard]] WitnessStep step_of(const OperationRow& operation, std::string text);

/// Whether the operation succeeded, failed for certain, or nobody knows.
[[nodiscard]] OpType outcome_of(const HistoryTable& history, const OperationRow& operation);
/// The value that it returned, if it succeeded. Requires: it is completed.
[[nodiscard]] Value result_of(const HistoryTable& history, const OperationRow& operation);
/// The value that it was invoked with.
[[nodiscard]] Value argument_of(const HistoryTable& history, const OperationRow& operation);

/// "p3 at 1.203444s": for sentences.
[[nodiscard]] std::string who_and_when(const HistoryTable& history, const OperationRow& operation);

}  // namespace ordeal
