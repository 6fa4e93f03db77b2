#pragma once
// One comparison: the same files by several checkers, in turns, each round one process per side. Prints a
// line for each side, and below it what it takes as a multiple of what ours takes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::bench {

/// A checker. `program` is called with MODEL PASSES FILE... behind it, and prints a line for each file and
/// pass: PASS VERDICT CHECK_NS PARSE_NS PATH.
struct Side {
  std::string name;
  std::vector<std::string> program;
};

struct Comparison {
  std::string title;
  std::string model;
  std::vector<std::string> files;
  std::uint32_t passes = 1;  ///< over all files, in one process; the first is told apart
};

struct Rounds {
  std::uint32_t count = 5;
  double seconds_max = 600;  ///< of one process
  std::string log;           ///< where the programs' complaints go
};

/// Whether a side other than the first, which is ours, answered in all rounds.
bool compare(const Comparison& comparison, const std::vector<Side>& sides, const Rounds& rounds);

/// In bold letters, if standard output is a terminal.
[[nodiscard]] std::string bold(const std::string& text);
/// How many characters `bold` adds that take no room.
[[nodiscard]] std::size_t bold_width();
/// The middle one; 0 of none.
[[nodiscard]] double median(std::vector<double> values);
/// "3.4x", "412x".
[[nodiscard]] std::string times(double ratio);

}  // namespace ordeal::bench
