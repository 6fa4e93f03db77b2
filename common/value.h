#pragma once
// The value of an operation: what JSON and EDN can say, with integers kept apart from floating point and map
// keys in byte order, so that printing and comparing are the same everywhere.

#include "common/ids.h"

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ordeal {

class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value, std::less<>>;

  Value() = default;                                          ///< nil
  Value(bool b) : data_(b) {}                                 // NOLINT: meant to convert
  Value(std::int64_t n) : data_(n) {}                         // NOLINT
  Value(int n) : data_(static_cast<std::int64_t>(n)) {}       // NOLINT
  Value(double d) : data_(d) {}                               // NOLINT
  Value(std::string text) : data_(std::move(text)) {}         // NOLINT
  Value(std::string_view text) : data_(std::string(text)) {}  // NOLINT
  Value(const char* text) : data_(std::string(text)) {}       // NOLINT
  Value(List list) : data_(std::move(list)) {}                // NOLINT
  Value(Map map) : data_(std::move(map)) {}                   // NOLINT

  [[nodiscard]] bool is_nil() const { return std::holds_alternative<std::monostate>(data_); }
  /// The alternative asked for, or null.
  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&data_); }
  [[nodiscard]] const double* as_double() const { return std::get_if<double>(&data_); }
  [[nodiscard]] const std::string* as_string() const { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const List* as_list() const { return std::get_if<List>(&data_); }
  [[nodiscard]] const Map* as_map() const { return std::get_if<Map>(&data_); }
  [[nodiscard]] List* as_list() { return std::get_if<List>(&data_); }
  [[nodiscard]] Map* as_map() { return std::get_if<Map>(&data_); }

  /// The member of a map, or null when this is no map or has no such key.
  [[nodiscard]] const Value* find(std::string_view key) const;

  template <class Visitor>
  decltype(auto) visit(Visitor&& visitor) const {
    return std::visit(std::forward<Visitor>(visitor), data_);
  }

  /// A total order: by kind (nil, bool, integer, double, string, list, map), then by content. Not-a-number is
  /// equal to itself, so that every value can be a key.
  friend std::weak_ordering operator<=>(const Value& a, const Value& b);
  friend bool operator==(const Value& a, const Value& b) { return std::is_eq(a <=> b); }

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data_;
};

/// Compact, for messages and reports: nil, 5, "text", [1 2], {a: 1}. Not a format that is read back; see
/// checkers/formats for those.
[[nodiscard]] std::string to_text(const Value& value);

}  // namespace ordeal
