#pragma once
// JSON text to Value and back, exactly: integers are 64 bits and never become floating point, text that is
// not UTF-8 is {"base64": "..."}, a duplicate key is an error, nesting is bounded.

#include "common/result.h"
#include "common/value.h"

#include <string>
#include <string_view>

namespace ordeal {

inline constexpr std::size_t kJsonDepthMax = 64;

/// One JSON value and nothing else but white space. The error says what is wrong and at which byte, from 1.
[[nodiscard]] Result<Value> parse_json(std::string_view text);

/// Compact JSON without line breaks. Not-a-number and the infinities, which JSON has not, become strings.
[[nodiscard]] std::string print_json(const Value& value);
void append_json(std::string& out, const Value& value);
/// A JSON string. Bytes that are not UTF-8 become U+FFFD: for names and messages, where base64 has no place.
void append_json_string(std::string& out, std::string_view text);

}  // namespace ordeal
