#pragma once
// Values to EDN text: what edn_text.h reads back as the same. Strings that begin with a colon become
// keywords, keys of maps keywords, integers or strings, sets and tagged literals what they were.

#include "common/result.h"
#include "common/value.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace ordeal {

/// The error says what EDN cannot say: text that is not UTF-8, or nesting beyond kEdnDepthMax, which is
/// counted from `depth`.
[[nodiscard]] Status append_edn(std::string& out, const Value& value, std::size_t depth = 1);

/// A keyword, or where no keyword has such a name, a string; both are read as the same word once a leading
/// colon is taken off.
[[nodiscard]] Status append_edn_word(std::string& out, std::string_view word);

}  // namespace ordeal
