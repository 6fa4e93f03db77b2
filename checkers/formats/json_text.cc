#include "checkers/formats/json_text.h"

#include <fmt/format.h>

#include <cmath>

#include "checkers/formats/base64.h"

namespace ordeal {
namespace {

/// Length of the UTF-8 sequence at the start of `text`; 0 when it is none (RFC 3629: shortest form, no
/// surrogates).
std::size_t utf8_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool shortest = lead != 0xe0 || at(1) >= 0xa0;
    const bool surrogate = lead == 0xed && at(1) >= 0xa0;
    return tail(1) && tail(2) && shortest && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool in_range = (lead != 0xf0 || at(1) >= 0x90) && (lead != 0xf4 || at(1) < 0x90);
    return tail(1) && tail(2) && tail(3) && in_range ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  } else {
    out += c;
  }
}

struct JsonPrinter {
  std::string& out;

  void operator()(std::monostate) const { out += "null"; }
  void operator()(bool b) const { out += b ? "true" : "false"; }
  void operator()(std::int64_t n) const { fmt::format_to(std::back_inserter(out), "{}", n); }
  void operator()(double d) const {
    if (!std::isfinite(d)) {
      append_json_string(out, fmt::format("{}", d));
      return;
    }
    const std::string text = fmt::format("{}", d);
    out += text;
    // Without a point it would be read back as an integer.
    if (text.find_first_of(".e") == std::string::npos) out += ".0";
  }
  void operator()(const std::string& text) const {
    if (is_utf8(text)) {
      append_json_string(out, text);
    } else {
      out += "{\"base64\":\"" + to_base64(text) + "\"}";
    }
  }
  void operator()(const Value::List& list) const {
    char separator = '[';
    for (const Value& item : list) {
      out += std::exchange(separator, ',');
      append_json(out, item);
    }
    out += list.empty() ? "[]" : "]";
  }
  void operator()(const Value::Map& map) const {
    char separator = '{';
    for (const auto& [key, item] : map) {
      out += std::exchange(separator, ',');
      append_json_string(out, key);
      out += ':';
      append_json(out, item);
    }
    out += map.empty() ? "{}" : "}";
  }
};

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_sequence(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t size = utf8_sequence(text);
    if (size == 1) {
      append_escaped(out, text[0]);
    } else if (size == 0) {
      out += "\xef\xbf\xbd";
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

void append_json(std::string& out, const Value& value) {
  value.visit(JsonPrinter{out});
}

std::string print_json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace ordeal
