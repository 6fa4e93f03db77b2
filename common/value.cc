#include "common/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

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

std::weak_ordering compare(std::monostate, std::monostate) {
  return std::weak_ordering::equivalent;
}
std::weak_ordering compare(bool a, bool b) {
  return a <=> b;
}
std::weak_ordering compare(std::int64_t a, std::int64_t b) {
  return a <=> b;
}
std::weak_ordering compare(double a, double b) {
  return std::weak_order(a, b);
}
std::weak_ordering compare(const std::string& a, const std::string& b) {
  return a <=> b;
}
std::weak_ordering compare(const Value::List& a, const Value::List& b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}
std::weak_ordering compare(const Value::Map& a, const Value::Map& b) {
  const auto entry = [](const auto& x, const auto& y) -> std::weak_ordering {
    if (const std::weak_ordering order = compare(x.first, y.first); std::is_neq(order)) return order;
    return x.second <=> y.second;
  };
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end(), entry);
}

}  // namespace

std::weak_ordering operator<=>(const Value& a, const Value& b) {
  if (a.data_.index() != b.data_.index()) return a.data_.index() <=> b.data_.index();
  return a.visit(
      [&](const auto& left) { return compare(left, std::get<std::decay_t<decltype(left)>>(b.data_)); });
}

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
