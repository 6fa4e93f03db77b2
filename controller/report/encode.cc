#include "controller/report/encode.h"

#include <fmt/format.h>

#include <cstdint>

namespace ordeal::report {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  ///< bytes; 0: not UTF-8
};

/// The character at the start of `bytes`. Overlong forms, surrogates and codes above U+10FFFF are not UTF-8.
Character first_character(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  std::size_t size = 0;
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF) size = 2;
  if (byte(0) >= 0xE0 && byte(0) <= 0xEF) size = 3;
  if (byte(0) >= 0xF0 && byte(0) <= 0xF4) size = 4;
  if (size == 0 || bytes.size() < size) return {};
  std::uint32_t code = byte(0) & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) return {};
  return {code, size};
}

bool turns_direction(std::uint32_t code) {
  return code == 0x200E || code == 0x200F || code == 0x061C || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

bool is_control(std::uint32_t code) {
  return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0);
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character character = first_character(bytes);
    if (character.size == 0 || is_control(character.code)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
      // A control character above 7F has two bytes; the second alone is no UTF-8 and is escaped next.
      bytes.remove_prefix(1);
      continue;
    }
    if (turns_direction(character.code)) {
      out += fmt::format("\\u{:04x}", character.code);
    } else {
      out += bytes.substr(0, character.size);
    }
    bytes.remove_prefix(character.size);
  }
  return out;
}

std::string escape_html(std::string_view bytes) {
  std::string out;
  for (const char c : printable(bytes)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string escape_script(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    // In JSON these three occur inside strings alone, where the escape means the same character.
    if (c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string shell_word(std::string_view bytes) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=,+@%-";
  if (!bytes.empty() && bytes.find_first_not_of(kPlain) == std::string_view::npos) return std::string(bytes);
  std::string out = "'";
  for (const char c : bytes) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string clip(std::string_view utf8, std::size_t characters) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(utf8[i]) & 0xC0U) != 0x80U;
    if (starts && seen++ == characters) return std::string(utf8.substr(0, i)) + "…";
  }
  return std::string(utf8);
}

std::string table_cell(std::string_view label, std::string_view html) {
  return fmt::format(R"(<td data-label="{}">{}</td>)", label, html.empty() ? "–" : html);
}

}  // namespace ordeal::report
