#pragma once
// The hash of the tables here. Keys and values of histories are small numbers in a row, and all initial
// reads share one, so every bit of the input has to reach every bit that a table looks at.

#include <cstdint>

namespace ordeal {

/// The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace ordeal
