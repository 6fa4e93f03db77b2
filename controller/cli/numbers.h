#pragma once
// What flags accept, with messages that say so.

#include <CLI/CLI.hpp>

#include <cstdint>

namespace ordeal::cli {

/// A whole number in decimal digits, `low` to `high`.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t low, std::uint64_t high = UINT64_MAX);

/// A finite number of seconds: `low` or more, or more than that when `above`.
[[nodiscard]] CLI::Validator seconds_from(double low, bool above = false);

/// Such as a folder: an empty one would mean the current one, which nobody says that way.
[[nodiscard]] CLI::Validator not_empty();

}  // namespace ordeal::cli
