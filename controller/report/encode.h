#pragma once
// Text made safe for where it goes: HTML, a script element, a shell line. Everything that comes from
// a history, a plan or a node passes through here before it reaches a page.

#include <string>
#include <string_view>

namespace ordeal::report {

/// Valid UTF-8 without control characters: each offending byte becomes \xNN, and the marks that turn the
/// direction of text \u202e and the like, so that what is read is what is there. Line feeds and tabs stay.
[[nodiscard]] std::string printable(std::string_view bytes);
/// printable() with & < > " ' as character references: for element content and quoted attributes.
[[nodiscard]] std::string escape_html(std::string_view bytes);
/// JSON text for a script element of type application/json: no <, > or & is left in it.
[[nodiscard]] std::string escape_script(std::string_view json);
/// One word of a POSIX shell command, quoted when it needs it.
[[nodiscard]] std::string shell_word(std::string_view bytes);
/// The first `characters` characters of valid UTF-8, with an ellipsis when something was left out.
[[nodiscard]] std::string clip(std::string_view utf8, std::size_t characters);
/// A cell of a table's row: `html` as it is, a dash when there is nothing; the label heads it on narrow
/// screens.
[[nodiscard]] std::string table_cell(std::string_view label, std::string_view html);

}  // namespace ordeal::report
