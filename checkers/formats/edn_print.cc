#include "checkers/formats/edn_print.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "checkers/formats/edn_text.h"
#include "common/byte_text.h"

namespace ordeal {
namespace {

/// What a reader takes for one word.
bool is_one_word(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 ||
        std::string_view(",;\"()[]{}").find(c) != std::string_view::npos)
      return false;
  }
  return !text.empty();
}
bool is_keyword(std::string_view text) {
  return text.size() > 1 && text[0] == ':' && is_one_word(text);
}
bool is_tag(std::string_view text) {
  return text.size() > 1 && text[0] == '#' && is_one_word(text) &&
         std::string_view("#_").find(text[1]) == std::string_view::npos;
}
/// The only spelling of an integer of 64 bits.
bool is_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size() && fmt::format("{}", number) == text;
}

Status append_string(std::string& out, std::string_view text) {
  if (!is_utf8(text)) return invalid_argument("EDN has no text that is not UTF-8");
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
  return {};
}

Status append_text(std::string& out, std::string_view text) {
  if (!is_keyword(text) || !is_utf8(text)) return append_string(out, text);
  out += text;
  return {};
}

struct EdnPrinter {
  std::string& out;
  std::size_t depth = 1;

  Status operator()(std::monostate) const { return put("nil"); }
  Status operator()(bool b) const { return put(b ? "true" : "false"); }
  Status operator()(std::int64_t n) const { return put(fmt::format("{}", n)); }
  Status operator()(double d) const {
    if (std::isnan(d)) return put("##NaN");
    if (std::isinf(d)) return put(d > 0 ? "##Inf" : "##-Inf");
    const std::string text = fmt::format("{}", d);
    // Without a point it would be read back as an integer.
    return put(text.find_first_of(".e") == std::string::npos ? text + ".0" : text);
  }
  Status operator()(const std::string& text) const { return append_text(out, text); }
  Status operator()(const Value::List& list) const { return items('[', list, ']'); }
  Status operator()(const Value::Map& map) const {
    if (map.size() == 1) {
      const auto& [key, value] = *map.begin();
      if (key == "#set" && value.as_list() != nullptr) {
        out += '#';
        return items('{', *value.as_list(), '}');
      }
      if (is_tag(key) && is_utf8(key)) {
        out += key + ' ';
        return append_edn(out, value, depth + 1);
      }
    }
    return members(map);
  }

 private:
  [[nodiscard]] Status put(std::string_view text) const {
    out += text;
    return {};
  }

  [[nodiscard]] Status items(char open, const Value::List& list, char close) const {
    out += open;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out += ' ';
      if (Status printed = append_edn(out, list[i], depth + 1); !printed.ok()) return printed;
    }
    out += close;
    return {};
  }

  [[nodiscard]] Status members(const Value::Map& map) const {
    out += '{';
    for (auto at = map.begin(); at != map.end(); ++at) {
      if (at != map.begin()) out += ", ";
      Status printed = is_integer(at->first) ? put(at->first) : append_text(out, at->first);
      if (printed.ok()) {
        out += ' ';
        printed = append_edn(out, at->second, depth + 1);
      }
      if (!printed.ok()) return printed;
    }
    out += '}';
    return {};
  }
};

}  // namespace

Status append_edn(std::string& out, const Value& value, std::size_t depth) {
  if (depth > kEdnDepthMax) return invalid_argument(fmt::format("nested deeper than {}", kEdnDepthMax));
  return value.visit(EdnPrinter{out, depth});
}

Status append_edn_word(std::string& out, std::string_view word) {
  const std::string keyword = ":" + std::string(word);
  if (is_keyword(keyword)) return append_text(out, keyword);
  return append_string(out, word.starts_with(':') ? keyword : word);
}

}  // namespace ordeal
