#pragma once
// Bytes in text: UTF-8, base64 and percent-encoding.

#include "common/ids.h"

#include <optional>
#include <string>
#include <string_view>

namespace ordeal {

/// Length of the UTF-8 sequence at the head of `text`, 0 when it is none. RFC 3629: shortest form, no
/// surrogates, nothing above U+10FFFF. Requires: not empty.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text);

/// RFC 4648, section 4, with padding.
void append_base64(std::string_view bytes, std::string& out);
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// None for anything that to_base64 does not give.
[[nodiscard]] std::optional<Bytes> decode_base64(std::string_view text);

/// None for a percent sign without two hexadecimal digits.
[[nodiscard]] std::optional<Bytes> decode_percent(std::string_view text);

}  // namespace ordeal
