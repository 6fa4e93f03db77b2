#include "checkers/formats/json_text.h"

#include <fmt/format.h>

#include <cmath>

#include "common/byte_text.h"

namespace ordeal {
namespace {

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
