#pragma once
// What the tests of the simple checkers have in common: operations told in a row, and figures of findings.

#include "checkers/checker.h"
#include "tests/checkers/history_builder.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ordeal::testing {

/// A figure of the details; -1 when it is not there.
[[nodiscard]] inline std::int64_t figure(const Finding& finding, std::string_view name) {
  const Value* value = finding.details.find(name);
  return value != nullptr && value->as_int() != nullptr ? *value->as_int() : -1;
}

/// A word of the details; empty when it is not there.
[[nodiscard]] inline std::string word(const Finding& finding, std::string_view name) {
  const Value* value = finding.details.find(name);
  return value != nullptr && value->as_string() != nullptr ? *value->as_string() : std::string();
}

/// Invocation and ok in a row.
inline std::size_t does(HistoryBuilder& history, int process, const std::string& f, Value argument,
                        Value result) {
  const std::size_t at = history.invoke(process, f, std::move(argument));
  history.ok(process, std::move(result));
  return at;
}

}  // namespace ordeal::testing
