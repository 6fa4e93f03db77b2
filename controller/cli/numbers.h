#pragma once
// What numeric flags accept, with messages that say so.

#include <CLI/CLI.hpp>

#include <cstdint>

namespace ordeal::cli {

/// A whole number in decimal digits, `low` to `high`.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t low, std::uint64_t high = UINT64_MAX);

/// A finite number of seconds: `low` or more, or more than that when `above`.
[[nodiscard]] CLI::Validator seconds_from(double low, bool above = false);

}  // namespace ordeal::cli
