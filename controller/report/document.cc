#include "controller/report/document.h"

#include "checkers/formats/json_text.h"
#include "controller/report/run_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace ordeal::report {
namespace {

const Value* member(const Value::Map& map, std::string_view name) {
  const auto it = map.find(name);
  return it == map.end() ? nullptr : &it->second;
}

}  // namespace

std::string print_document(Value::Map members) {
  members["format"] = kFormatVersion;
  std::string out = "{";
  for (const auto& [name, value] : members) {
    out += out.size() == 1 ? "\n " : ",\n ";
    append_json_string(out, name);
    out += ": ";
    append_json(out, value);
  }
  return out + "\n}\n";
}

Result<Value::Map> parse_document(std::string_view text, std::string_view what) {
  const Result<Value> parsed = parse_json(text);
  if (!parsed.ok() || parsed->as_map() == nullptr) {
    return Error{ErrorCode::kCorruption, fmt::format("{} is not a JSON object{}", what,
                                                     parsed.ok() ? "" : ": " + parsed.error().message)};
  }
  const std::int64_t format = int_member(*parsed->as_map(), "format");
  if (format == kFormatVersion) return *parsed->as_map();
  return Error{ErrorCode::kCorruption,
               fmt::format("{} has format {}, this build reads format {}", what, format, kFormatVersion)};
}

std::string text_member(const Value::Map& map, std::string_view name) {
  const Value* value = member(map, name);
  return value == nullptr || value->as_string() == nullptr ? std::string() : *value->as_string();
}

std::int64_t int_member(const Value::Map& map, std::string_view name) {
  const Value* value = member(map, name);
  return value == nullptr || value->as_int() == nullptr ? 0 : *value->as_int();
}

std::uint64_t count_member(const Value::Map& map, std::string_view name) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, int_member(map, name)));
}

bool bool_member(const Value::Map& map, std::string_view name) {
  const Value* value = member(map, name);
  return value != nullptr && value->as_bool() != nullptr && *value->as_bool();
}

std::vector<std::string> texts_member(const Value::Map& map, std::string_view name) {
  std::vector<std::string> texts;
  const Value* value = member(map, name);
  if (value == nullptr || value->as_list() == nullptr) return texts;
  for (const Value& item : *value->as_list()) {
    if (item.as_string() != nullptr) texts.push_back(*item.as_string());
  }
  return texts;
}

Value any_member(const Value::Map& map, std::string_view name) {
  const Value* value = member(map, name);
  return value == nullptr ? Value() : *value;
}

std::vector<Value::Map> maps_member(const Value::Map& map, std::string_view name) {
  std::vector<Value::Map> maps;
  const Value* value = member(map, name);
  if (value == nullptr || value->as_list() == nullptr) return maps;
  for (const Value& item : *value->as_list()) {
    if (item.as_map() != nullptr) maps.push_back(*item.as_map());
  }
  return maps;
}

Value::Map map_member(const Value::Map& map, std::string_view name) {
  const Value* value = member(map, name);
  return value == nullptr || value->as_map() == nullptr ? Value::Map() : *value->as_map();
}

Value texts_value(const std::vector<std::string>& texts) {
  return Value::List(texts.begin(), texts.end());
}

Value count_value(std::uint64_t count) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(count, kMax));
}

}  // namespace ordeal::report
