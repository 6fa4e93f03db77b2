#pragma once
// RFC 4648 base64, padded.

#include <optional>
#include <string>
#include <string_view>

namespace ordeal {

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing when the text is not what to_base64 gives for some bytes.
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view text);

}  // namespace ordeal
