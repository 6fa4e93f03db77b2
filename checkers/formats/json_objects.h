#pragma once
// Cuts a text into JSON objects, which stand in one array or one after the other, in any number of lines.

#include "common/result.h"
#include "common/value.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace ordeal {

struct JsonObject {
  Value::Map members;
  std::size_t line = 0;  ///< where it begins, from 1
};

class JsonObjects {
 public:
  explicit JsonObjects(std::string_view text) : text_(text) {}

  /// The next object; nothing at the end. The error names the line and what was expected; nothing is to be
  /// asked for after it.
  [[nodiscard]] Result<std::optional<JsonObject>> next();

 private:
  enum class Place : std::uint8_t { kBegin, kSequence, kArrayBegin, kArray };

  void skip_blanks();
  /// Goes on to where an object should be. False at the end.
  [[nodiscard]] Result<bool> find_next();
  [[nodiscard]] bool take(char c);
  [[nodiscard]] std::size_t size_of_object() const;
  [[nodiscard]] Error expected(std::string_view what) const;

  std::string_view text_;  ///< what is left
  std::size_t line_ = 1;
  Place place_ = Place::kBegin;
};

}  // namespace ordeal
