#pragma once
// EDN text (github.com/edn-format/edn) to Values. What a Value cannot say is kept in words: a keyword is the
// string ":word", a symbol its name, a character the string of it, a set {"#set": [...]}, a tagged literal
// {"#tag": value}, a ratio its text. The key of a map is the keyword's or string's text, or else its printed
// form.

#include "common/result.h"
#include "common/value.h"

#include <string_view>
#include <vector>

namespace ordeal {

inline constexpr std::size_t kEdnDepthMax = 64;

/// A form at the outermost level.
struct EdnForm {
  Value value;
  std::size_t line = 0;  ///< where it begins, from 1
};

/// All forms of a text. The error names the line and what was expected.
[[nodiscard]] Result<std::vector<EdnForm>> parse_edn(std::string_view text);
/// The same for a text that may be one long vector or list: its items are given as the forms.
[[nodiscard]] Result<std::vector<EdnForm>> parse_edn_items(std::string_view text);

}  // namespace ordeal
