#include "checkers/formats/edn_text.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "checkers/formats/json_text.h"
#include "common/byte_text.h"

namespace ordeal {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
/// Ends a number, symbol or keyword.
bool is_delimiter(char c) {
  return std::string_view(" \t\r\n\f,;\"()[]{}").find(c) != std::string_view::npos;
}

std::string utf8(std::uint32_t code) {
  std::string out;
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return out;
}

/// A recursive descent. Every function that fails has set problem_; the callers stop at once.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  /// The next form, or nothing at the end or when something is wrong.
  std::optional<EdnForm> next() {
    if (!skip_blank() || at_end()) return std::nullopt;
    EdnForm form{.value = {}, .line = line_};
    std::optional<Value> value = read();
    if (!value) return std::nullopt;
    form.value = std::move(*value);
    return form;
  }

  /// Steps into a vector or list, if that is what comes next; its closing bracket, else 0.
  char enter() {
    if (!skip_blank() || at_end() || (peek() != '[' && peek() != '(')) return 0;
    return take() == '[' ? ']' : ')';
  }
  /// Whether `close` is next, which is then taken.
  bool leave(char close) {
    if (!skip_blank() || at_end() || peek() != close) return false;
    take();
    return true;
  }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  void expect_no_more() {
    if (skip_blank() && !at_end()) fail("more text after the end of the history");
  }
  void expect(char close) { fail(fmt::format("the text ends, expected '{}'", close)); }

  [[nodiscard]] bool failed() const { return problem_.has_value(); }
  [[nodiscard]] Error error() const { return *problem_; }

 private:
  [[nodiscard]] char peek() const { return text_[at_]; }
  char take() {
    if (text_[at_] == '\n') ++line_;
    return text_[at_++];
  }
  std::nullopt_t fail(const std::string& what) {
    if (!problem_) problem_ = Error{ErrorCode::kInvalidArgument, fmt::format("line {}: {}", line_, what)};
    return std::nullopt;
  }

  /// Skips white space, comments and discarded forms. False: something is wrong.
  bool skip_blank() {
    while (!at_end() && !failed()) {
      const char c = peek();
      if (c == ';') {
        while (!at_end() && peek() != '\n') take();
      } else if (std::string_view(" \t\r\n\f,").find(c) != std::string_view::npos) {
        take();
      } else if (text_.substr(at_, 2) == "#_") {
        at_ += 2;
        discard();
      } else {
        break;
      }
    }
    return !failed();
  }

  void discard() {
    if (depth_ == kEdnDepthMax) {
      fail(fmt::format("nested deeper than {}", kEdnDepthMax));
      return;
    }
    ++depth_;
    read_nested("a form to discard");
    --depth_;
  }

  /// A form that has to be there.
  std::optional<Value> read_nested(std::string_view what) {
    if (!skip_blank()) return std::nullopt;
    if (at_end()) return fail(fmt::format("the text ends, expected {}", what));
    return read();
  }

  std::optional<Value> read() {
    if (depth_ == kEdnDepthMax) return fail(fmt::format("nested deeper than {}", kEdnDepthMax));
    ++depth_;
    std::optional<Value> value = dispatch();
    --depth_;
    return value;
  }

  std::optional<Value> dispatch() {
    const char c = peek();
    switch (c) {
      case '[':
        return read_list(']');
      case '(':
        return read_list(')');
      case '{':
        return read_map();
      case '"':
        return read_string();
      case '\\':
        return read_character();
      case '#':
        return read_tagged();
      case ']':
      case ')':
      case '}':
        return fail(fmt::format("'{}' without its opening", c));
      default:
        return read_token();
    }
  }

  std::optional<Value> read_list(char close) {
    take();
    Value::List list;
    while (!leave(close)) {
      std::optional<Value> item = read_nested(fmt::format("'{}'", close));
      if (!item) return std::nullopt;
      list.push_back(std::move(*item));
    }
    return list;
  }

  std::optional<Value> read_map() {
    take();
    Value::Map map;
    while (!leave('}')) {
      const std::optional<Value> key = read_nested("'}'");
      if (!key) return std::nullopt;
      std::optional<Value> value = read_nested("the value of a key");
      if (!value) return std::nullopt;
      const std::string* text = key->as_string();
      const std::string name = text != nullptr ? *text : to_text(*key);
      if (!map.emplace(name, std::move(*value)).second)
        return fail(fmt::format("the key {} is there twice", name));
    }
    return map;
  }

  std::optional<Value> read_string() {
    take();
    std::string out;
    while (!at_end()) {
      const char c = take();
      if (c == '"') return Value(std::move(out));
      if (c != '\\') {
        out += c;
      } else if (!read_escape(out)) {
        return std::nullopt;
      }
    }
    return fail("the text ends, expected '\"'");
  }

  bool read_escape(std::string& out) {
    constexpr std::string_view kNames = "trnbf\\\"'";
    constexpr std::string_view kBytes = "\t\r\n\b\f\\\"'";
    const char c = at_end() ? '\0' : take();
    if (c == 'u') {
      const std::optional<std::uint32_t> code = read_hex();
      if (code) out += utf8(*code);
      return code.has_value();
    }
    const std::size_t which = kNames.find(c);
    if (which == std::string_view::npos) {
      fail("unknown escape in a string");
      return false;
    }
    out += kBytes[which];
    return true;
  }

  /// Four hexadecimal digits. Half a surrogate pair has no character of its own and becomes U+FFFD.
  std::optional<std::uint32_t> read_hex() {
    std::uint32_t code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (failure != std::errc() || digits.size() != 4 || end != digits.data() + 4) {
      return fail("expected four hexadecimal digits after \\u");
    }
    at_ += 4;
    return code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
  }

  std::optional<Value> read_character() {
    take();
    std::string name;
    if (!at_end()) name += take();  // Also a delimiter: \( is a character.
    while (!at_end() && !is_delimiter(peek())) name += take();
    if (name.empty()) return fail("the text ends, expected a character");
    if (name == "newline") return "\n";
    if (name == "return") return "\r";
    if (name == "space") return " ";
    if (name == "tab") return "\t";
    if (name.size() == 5 && name[0] == 'u') {
      at_ -= 4;
      const std::optional<std::uint32_t> code = read_hex();
      if (!code) return std::nullopt;
      return utf8(*code);
    }
    return name;
  }

  std::optional<Value> read_tagged() {
    take();
    if (at_end()) return fail("the text ends, expected a tag");
    if (peek() == '{') {
      std::optional<Value> items = read_set();
      if (!items) return std::nullopt;
      return Value::Map{{"#set", std::move(*items)}};
    }
    if (peek() == '#') {
      take();
      const std::string name = "##" + read_word();
      if (name == "##Inf") return std::numeric_limits<double>::infinity();
      if (name == "##-Inf") return -std::numeric_limits<double>::infinity();
      if (name == "##NaN") return std::numeric_limits<double>::quiet_NaN();
      return fail(fmt::format("{} is none of ##Inf, ##-Inf and ##NaN", name));
    }
    const std::string tag = read_word();
    if (tag.empty()) return fail("expected a tag after #");
    std::optional<Value> value = read_nested("the form that the tag is for");
    if (!value) return std::nullopt;
    return Value::Map{{"#" + tag, std::move(*value)}};
  }
  std::optional<Value> read_set() { return read_list('}'); }

  std::string read_word() {
    std::string word;
    while (!at_end() && !is_delimiter(peek())) word += take();
    return word;
  }

  std::optional<Value> read_token() {
    const std::string word = read_word();
    if (word == "nil") return Value();
    if (word == "true") return true;
    if (word == "false") return false;
    if (word == ":") return fail("expected a name after ':'");
    const std::size_t sign = word[0] == '-' || word[0] == '+' ? 1 : 0;
    if (word.size() > sign && is_digit(word[sign])) return read_number(word);
    for (const char c : word) {
      if (static_cast<unsigned char>(c) <= 0x20) return fail("a control character outside of a string");
    }
    return word;
  }

  std::optional<Value> read_number(std::string_view word) {
    const std::string whole(word);
    if (word[0] == '+') word.remove_prefix(1);
    if (word.find('/') != std::string_view::npos) return whole;
    const bool exact = word.find_first_of(".eEM") == std::string_view::npos;
    if (word.back() == 'N' || word.back() == 'M') word.remove_suffix(1);
    std::int64_t integer = 0;
    double real = 0;
    const char* end = word.data() + word.size();
    const auto [stop, failure] =
        exact ? std::from_chars(word.data(), end, integer) : std::from_chars(word.data(), end, real);
    if (failure == std::errc::result_out_of_range)
      return fail(fmt::format("{} does not fit into 64 bits", whole));
    if (failure != std::errc() || stop != end) return fail(fmt::format("{} is not a number", whole));
    if (exact) return integer;
    return real;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t depth_ = 0;
  std::optional<Error> problem_;
};

std::optional<Error> refuse_text(std::string_view text) {
  if (is_utf8(text)) return std::nullopt;
  return Error{ErrorCode::kInvalidArgument, "the text is not UTF-8"};
}

}  // namespace

Result<std::vector<EdnForm>> parse_edn(std::string_view text) {
  if (std::optional<Error> error = refuse_text(text)) return *error;
  Reader reader(text);
  std::vector<EdnForm> forms;
  while (std::optional<EdnForm> form = reader.next()) forms.push_back(std::move(*form));
  if (reader.failed()) return reader.error();
  return forms;
}

Result<std::vector<EdnForm>> parse_edn_items(std::string_view text) {
  if (std::optional<Error> error = refuse_text(text)) return *error;
  Reader reader(text);
  const char close = reader.enter();
  if (close == 0) return parse_edn(text);
  std::vector<EdnForm> forms;
  while (!reader.leave(close)) {
    std::optional<EdnForm> form = reader.next();
    if (!form) {
      if (!reader.failed()) reader.expect(close);
      return reader.error();
    }
    forms.push_back(std::move(*form));
  }
  reader.expect_no_more();
  if (reader.failed()) return reader.error();
  return forms;
}

}  // namespace ordeal
