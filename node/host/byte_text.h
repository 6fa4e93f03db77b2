#pragma once
// Bytes in text: UTF-8, base64 and percent-encoding.

#include "common/ids.h"

#include <optional>
#include <string>
#include <string_view>

namespace ordeal::host {

/// RFC 3629: shortest form, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

/// RFC 4648, section 4, with padding.
void append_base64(std::string_view bytes, std::string& out);
/// None for anything that append_base64 does not give.
[[nodiscard]] std::optional<Bytes> decode_base64(std::string_view text);

/// None for a percent sign without two hexadecimal digits.
[[nodiscard]] std::optional<Bytes> decode_percent(std::string_view text);

}  // namespace ordeal::host
