#pragma once
// What lies under parse_json and the history reader: one JSON object, with the unsigned 64-bit members that
// Value cannot hold kept apart.

#include "common/result.h"
#include "common/value.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ordeal {

struct JsonDocument {
  Value value;
  /// Members of the outermost object that are integers above 2^63 - 1; their Value is nil. Deeper ones are
  /// errors.
  std::map<std::string, std::uint64_t, std::less<>> wide;
};

[[nodiscard]] Result<JsonDocument> read_json(std::string_view text);

}  // namespace ordeal
