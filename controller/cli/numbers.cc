#include "controller/cli/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace ordeal::cli {
namespace {

/// Nothing unless the whole text is a number.
template <class Number>
std::optional<Number> parse(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

}  // namespace

CLI::Validator whole_number(std::uint64_t low, std::uint64_t high) {
  return {[low, high](std::string& text) -> std::string {
            const auto number = parse<std::uint64_t>(text);
            if (number && low <= *number && *number <= high) return {};
            return fmt::format("is '{}'; allowed: a whole number, {} to {}", text, low, high);
          },
          ""};
}

CLI::Validator seconds_from(double low, bool above) {
  return {[low, above](std::string& text) -> std::string {
            const auto number = parse<double>(text);
            if (number && std::isfinite(*number) && (above ? *number > low : *number >= low)) return {};
            return fmt::format("is '{}'; allowed: a number of seconds, {} {}", text,
                               above ? "above" : "at least", low);
          },
          ""};
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& text) { return text.empty() ? std::string("is empty") : std::string(); }, "NAME");
}

}  // namespace ordeal::cli
