#include "checkers/formats/json_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "checkers/formats/json_text.h"

namespace ordeal {

void JsonObjects::skip_blanks() {
  while (!text_.empty() && std::string_view(" \t\r\n").find(text_.front()) != std::string_view::npos) {
    if (text_.front() == '\n') ++line_;
    text_.remove_prefix(1);
  }
}

bool JsonObjects::take(char c) {
  skip_blanks();
  if (!text_.starts_with(c)) return false;
  text_.remove_prefix(1);
  return true;
}

Error JsonObjects::expected(std::string_view what) const {
  const std::string found = text_.empty() ? "the end of the text" : fmt::format("'{}'", text_.substr(0, 1));
  return invalid_argument(fmt::format("line {}: expected {}, found {}", line_, what, found));
}

Result<bool> JsonObjects::find_next() {
  if (place_ == Place::kBegin) place_ = take('[') ? Place::kArrayBegin : Place::kSequence;
  skip_blanks();
  if (place_ == Place::kSequence) return !text_.empty();
  const bool first = std::exchange(place_, Place::kArray) == Place::kArrayBegin;
  if (take(']')) {
    skip_blanks();
    if (!text_.empty()) return expected("no more text after the array");
    return false;
  }
  if (!first && !take(',')) return expected("',' or ']'");
  skip_blanks();
  return true;
}

/// Up to the bracket that closes the first one; whether it is well-formed in between is the parser's to say.
/// 0 when the text ends first.
std::size_t JsonObjects::size_of_object() const {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char c = text_[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
      continue;
    }
    in_string = c == '"';
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return i + 1;
  }
  return 0;
}

Result<std::optional<JsonObject>> JsonObjects::next() {
  const Result<bool> found = find_next();
  if (!found.ok()) return found.error();
  if (!*found) return std::optional<JsonObject>();
  if (!text_.starts_with('{')) return expected("a JSON object");
  const std::size_t size = size_of_object();
  if (size == 0) {
    return invalid_argument(
        fmt::format("line {}: the JSON object that begins there does not end, expected '}}'", line_));
  }
  const std::string_view text = text_.substr(0, size);
  Result<Value> value = parse_json(text);
  if (!value.ok()) {
    return Error{value.error().code, fmt::format("line {}: in the JSON object that begins there, {}", line_,
                                                 value.error().message)};
  }
  Value::Map* members = value->as_map();
  // {"base64": "..."} alone is a string.
  if (members == nullptr) return expected("an operation");
  JsonObject object{.members = std::move(*members), .line = line_};
  line_ += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  text_.remove_prefix(size);
  return std::optional<JsonObject>(std::move(object));
}

}  // namespace ordeal
