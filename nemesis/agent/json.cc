#include "nemesis/agent/json.h"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace ordeal::agent {
namespace {}  // namespace

Result<JsonObject> JsonObject::parse(std::string_view text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse({text.data(), text.size()}, error);
  if (error) return invalid_argument(fmt::format("this is not JSON: {}", error.message()));
  if (!value.is_object()) return invalid_argument("this must be a JSON object");
  return JsonObject(std::move(value.get_object()));
}

bool JsonObject::has(std::string_view name) const {
  return object_.contains({name.data(), name.size()});
}

Result<std::int64_t> JsonObject::integer(std::string_view name, std::int64_t low, std::int64_t high) {
  asked_.emplace(name);
  const auto* value = object_.if_contains({name.data(), name.size()});
  if (value == nullptr) return invalid_argument(fmt::format("{} is missing", name));
  // Boost.JSON keeps integers above INT64_MAX apart; they are out of every range here.
  if (!value->is_int64() || value->get_int64() < low || value->get_int64() > high)
    return invalid_argument(fmt::format("{} must be an integer from {} to {}", name, low, high));
  return value->get_int64();
}

Result<std::int64_t> JsonObject::integer_or(std::string_view name, std::int64_t low, std::int64_t high,
                                            std::int64_t otherwise) {
  asked_.emplace(name);
  if (!has(name)) return otherwise;
  return integer(name, low, high);
}

Result<std::string> JsonObject::text(std::string_view name) {
  asked_.emplace(name);
  const auto* value = object_.if_contains({name.data(), name.size()});
  if (value == nullptr) return invalid_argument(fmt::format("{} is missing", name));
  if (!value->is_string()) return invalid_argument(fmt::format("{} must be a string", name));
  return std::string(value->get_string());
}

Result<std::vector<std::string>> JsonObject::texts(std::string_view name) {
  asked_.emplace(name);
  const auto* value = object_.if_contains({name.data(), name.size()});
  if (value == nullptr) return invalid_argument(fmt::format("{} is missing", name));
  if (!value->is_array()) return invalid_argument(fmt::format("{} must be an array of strings", name));
  std::vector<std::string> texts;
  for (const auto& item : value->get_array()) {
    if (!item.is_string()) return invalid_argument(fmt::format("{} must be an array of strings", name));
    texts.emplace_back(item.get_string());
  }
  return texts;
}

Status JsonObject::finish() const {
  for (const auto& member : object_) {
    if (asked_.count(std::string_view(member.key())) == 0)
      return invalid_argument(fmt::format("unknown member {}", std::string_view(member.key())));
  }
  return {};
}

}  // namespace ordeal::agent
