#include "controller/run/plan.h"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace ordeal {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
// Largest first.
constexpr std::array<Unit, 6> kUnits = {{{"h", 3'600'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"s", 1'000'000'000},
                                         {"ms", 1'000'000},
                                         {"us", 1'000},
                                         {"ns", 1}}};

Error not_a_duration(std::string_view text) {
  return {
      ErrorCode::kInvalidArgument,
      fmt::format("'{}' is not a duration; write a number and h, m, s, ms, us or ns, such as 500ms or 1.5s",
                  text)};
}

// A hundred years: sums of a few stay far from overflow.
constexpr std::int64_t kLongest = std::int64_t{100} * 365 * 24 * 3'600'000'000'000;

/// `whole`.`fraction` units in nanoseconds, exactly; none when it does not fit or is finer than a nanosecond.
std::optional<std::int64_t> scale(std::string_view whole, std::string_view fraction, std::int64_t unit) {
  std::int64_t ns = 0;
  for (const char c : whole) {
    if (ns > kLongest / 10) return std::nullopt;
    ns = ns * 10 + (c - '0');
  }
  if (ns > kLongest / unit) return std::nullopt;
  ns *= unit;
  for (const char c : fraction) {
    if (unit % 10 != 0) return std::nullopt;
    unit /= 10;
    ns += (c - '0') * unit;
  }
  return ns <= kLongest ? std::optional(ns) : std::nullopt;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto digits = [&](std::size_t from) {
    std::size_t to = from;
    while (to < text.size() && '0' <= text[to] && text[to] <= '9') ++to;
    return text.substr(from, to - from);
  };
  const std::string_view whole = digits(0);
  const bool point = text.size() > whole.size() && text[whole.size()] == '.';
  const std::string_view fraction = point ? digits(whole.size() + 1) : std::string_view();
  if (whole.empty() || (point && fraction.empty())) return not_a_duration(text);
  const std::string_view name = text.substr(whole.size() + fraction.size() + (point ? 1 : 0));
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    const auto ns = scale(whole, fraction, unit.ns);
    if (ns) return Duration(*ns);
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("'{}' is longer than {}, or finer than a nanosecond", text,
                             print_duration(Duration(kLongest)))};
  }
  return not_a_duration(text);
}

std::string print_duration(Duration duration) {
  if (duration == Duration()) return "0s";
  for (const Unit& unit : kUnits) {
    if (duration.ns() % unit.ns == 0) return fmt::format("{}{}", duration.ns() / unit.ns, unit.name);
  }
  ORDEAL_CHECK(false);
}

}  // namespace ordeal
