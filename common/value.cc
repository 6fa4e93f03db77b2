#include "common/value.h"

#include <fmt/format.h>

namespace ordeal {
namespace {

struct Printer {
  std::string operator()(std::monostate) const { return "nil"; }
  std::string operator()(bool b) const { return b ? "true" : "false"; }
  std::string operator()(std::int64_t n) const { return fmt::format("{}", n); }
  std::string operator()(double d) const { return fmt::format("{}", d); }
  std::string operator()(const std::string& text) const { return '"' + text + '"'; }
  std::string operator()(const Value::List& list) const {
    std::string out = "[";
    for (const Value& item : list) {
      if (out.size() > 1) out += ' ';
      out += to_text(item);
    }
    return out + ']';
  }
  std::string operator()(const Value::Map& map) const {
    std::string out = "{";
    for (const auto& [key, item] : map) {
      if (out.size() > 1) out += ", ";
      out += key + ": " + to_text(item);
    }
    return out + '}';
  }
};

}  // namespace

const Value* Value::find(std::string_view key) const {
  const Map* map = as_map();
  if (map == nullptr) return nullptr;
  const auto it = map->find(key);
  return it == map->end() ? nullptr : &it->second;
}

std::string to_text(const Value& value) {
  return value.visit(Printer{});
}

}  // namespace ordeal
