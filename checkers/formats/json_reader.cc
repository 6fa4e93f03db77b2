#include "checkers/formats/json_reader.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <utility>
#include <vector>

#include "checkers/formats/json_text.h"
#include "common/byte_text.h"

namespace ordeal {
namespace {

namespace json = boost::json;
using ErrorCodeRef = json::error_code&;

/// Receives the parser's events and builds the Value. Any event may refuse with a message of its own.
class Builder {
 public:
  // Names and limits that basic_parser asks for. Sizes are bounded by the text itself.
  static constexpr std::size_t max_object_size =
      static_cast<std::size_t>(-1);  // NOLINT(readability-identifier-naming)
  static constexpr std::size_t max_array_size =
      static_cast<std::size_t>(-1);  // NOLINT(readability-identifier-naming)
  static constexpr std::size_t max_key_size =
      static_cast<std::size_t>(-1);  // NOLINT(readability-identifier-naming)
  static constexpr std::size_t max_string_size =
      static_cast<std::size_t>(-1);  // NOLINT(readability-identifier-naming)

  bool on_document_begin(ErrorCodeRef) { return true; }
  bool on_document_end(ErrorCodeRef) { return true; }
  bool on_array_begin(ErrorCodeRef) {
    open_.push_back({.container = Value::List(), .key = {}});
    return true;
  }
  bool on_array_end(std::size_t, ErrorCodeRef error) { return close(error); }
  bool on_object_begin(ErrorCodeRef) {
    open_.push_back({.container = Value::Map(), .key = {}});
    return true;
  }
  bool on_object_end(std::size_t, ErrorCodeRef error) { return close(error); }

  bool on_key_part(json::string_view part, std::size_t, ErrorCodeRef) { return collect(part); }
  bool on_key(json::string_view part, std::size_t, ErrorCodeRef error) {
    collect(part);
    open_.back().key = std::exchange(text_, {});
    if (open_.back().container.find(open_.back().key) == nullptr) return true;
    return refuse(error, fmt::format("the key \"{}\" is there twice", open_.back().key));
  }
  bool on_string_part(json::string_view part, std::size_t, ErrorCodeRef) { return collect(part); }
  bool on_string(json::string_view part, std::size_t, ErrorCodeRef) {
    collect(part);
    return put(std::exchange(text_, {}));
  }
  bool on_number_part(json::string_view part, ErrorCodeRef) { return collect(part); }
  bool on_int64(std::int64_t n, json::string_view, ErrorCodeRef) {
    text_.clear();
    return put(n);
  }
  bool on_uint64(std::uint64_t n, json::string_view, ErrorCodeRef error) {
    text_.clear();
    if (open_.size() != 1 || open_.back().container.as_map() == nullptr) return refuse_range(error);
    wide_.emplace(open_.back().key, n);
    return put({});
  }
  /// The library's own conversion may be off by a bit, and takes integers of any size.
  bool on_double(double, json::string_view part, ErrorCodeRef error) {
    collect(part);
    const std::string token = std::exchange(text_, {});
    if (token.find_first_of(".eE") == std::string::npos) return refuse_range(error);
    double number = 0;
    const auto [end, failure] = std::from_chars(token.data(), token.data() + token.size(), number);
    if (failure != std::errc() || end != token.data() + token.size()) {
      return refuse(error, "a number is too large or too small for 64-bit floating point");
    }
    return put(number);
  }
  bool on_bool(bool b, ErrorCodeRef) { return put(b); }
  bool on_null(ErrorCodeRef) { return put({}); }
  bool on_comment_part(json::string_view, ErrorCodeRef) { return true; }
  bool on_comment(json::string_view, ErrorCodeRef) { return true; }

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] JsonDocument take() { return {.value = std::move(root_), .wide = std::move(wide_)}; }

 private:
  struct Open {
    Value container;
    std::string key;  ///< of the member that comes next
  };

  bool collect(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Value::List* list = open_.back().container.as_list()) {
      list->push_back(std::move(value));
    } else {
      open_.back().container.as_map()->emplace(std::exchange(open_.back().key, {}), std::move(value));
    }
    return true;
  }

  bool close(ErrorCodeRef error) {
    Value done = std::move(open_.back().container);
    open_.pop_back();
    const Value* encoded = done.find("base64");
    if (encoded == nullptr || done.as_map()->size() != 1) return put(std::move(done));
    const std::optional<std::string> bytes =
        encoded->as_string() != nullptr ? decode_base64(*encoded->as_string()) : std::nullopt;
    if (!bytes) return refuse(error, "the member \"base64\" is not padded base64");
    return put(*bytes);
  }

  bool refuse(ErrorCodeRef error, std::string problem) {
    problem_ = std::move(problem);
    error = json::error::syntax;
    return false;
  }
  bool refuse_range(ErrorCodeRef error) { return refuse(error, "an integer does not fit into 64 bits"); }

  std::vector<Open> open_;
  std::string text_;  ///< parts of a string, key or number that came in pieces
  Value root_;
  std::map<std::string, std::uint64_t, std::less<>> wide_;
  std::string problem_;
};

}  // namespace

Result<JsonDocument> read_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::basic_parser<Builder> parser(options);
  json::error_code error;
  std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  while (!error && used < text.size() &&
         std::string_view(" \t\r\n").find(text[used]) != std::string_view::npos)
    ++used;
  if (!error && used == text.size()) return parser.handler().take();
  const std::string& problem = parser.handler().problem();
  return Error{ErrorCode::kInvalidArgument, fmt::format("byte {}: {}", used + 1,
                                                        !problem.empty() ? problem
                                                        : error          ? error.message()
                                                                         : "more text after the JSON value")};
}

Result<Value> parse_json(std::string_view text) {
  Result<JsonDocument> document = read_json(text);
  if (!document.ok()) return document.error();
  if (!document->wide.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("the member \"{}\" does not fit into a signed 64-bit integer",
                             document->wide.begin()->first)};
  }
  return std::move(document->value);
}

}  // namespace ordeal
