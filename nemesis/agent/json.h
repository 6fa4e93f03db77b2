#pragma once
// Strict reading of JSON objects: each member is asked for by name and range, and what nobody asked for is an
// error that names it. Keeps Boost.JSON's parser and its exceptions in one file.

#include "common/result.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::agent {

class JsonObject {
 public:
  /// kInvalidArgument: not JSON, or not an object.
  [[nodiscard]] static Result<JsonObject> parse(std::string_view text);

  [[nodiscard]] bool has(std::string_view name) const;
  /// Errors name the member and what it must be.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
  [[nodiscard]] Result<std::int64_t> integer_or(std::string_view name, std::int64_t low, std::int64_t high,
                                                std::int64_t otherwise);
  [[nodiscard]] Result<std::string> text(std::string_view name);
  [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view name);
  /// kInvalidArgument when a member was not asked for.
  [[nodiscard]] Status finish() const;

 private:
  explicit JsonObject(boost::json::object object) : object_(std::move(object)) {}

  boost::json::object object_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace ordeal::agent
