#pragma once
// Jepsen's operations in JSON, as elle-cli and tools that are no Clojure write them: objects in one array or
// one after the other. jepsen_op.h says what the members mean.

#include "checkers/formats/parsed_history.h"
#include "common/result.h"

#include <string_view>

namespace ordeal {

/// The error names the line and what was expected.
[[nodiscard]] Result<ParsedHistory> parse_jepsen_json(std::string_view text);

}  // namespace ordeal
