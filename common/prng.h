#pragma once
// The project's pseudo-random generator and every distribution that decisions draw from. The standard
// library's distributions differ between implementations; a seed here must mean the same in ten years and on
// every compiler, so only integer arithmetic and exactly rounded IEEE operations are used.
//
// Generator: xoshiro256** 1.0 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018),
// seeded by SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).

#include "common/check.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace ordeal {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  /// A stream of its own for one purpose: what is drawn from it does not shift what others draw. Depends on
  /// this generator's seed and on `purpose` alone, not on how much was drawn before.
  [[nodiscard]] Rng split(std::string_view purpose) const;
  [[nodiscard]] Rng split(std::string_view purpose, std::uint64_t number) const;

  /// 64 uniform bits.
  std::uint64_t next();
  /// Uniform in [0, bound), without bias (Lemire, TOMACS 2019). Requires: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [low, high], both included. Requires: low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// Uniform in [0, 1), 53 bits.
  double unit();
  /// True with probability numerator / denominator. Requires: denominator > 0.
  bool chance(std::uint64_t numerator, std::uint64_t denominator);
  /// Exponential with the given mean: the gaps of a Poisson process. At most 64 means. Requires: 0 <= mean <
  /// 2^56.
  std::int64_t exponential(std::int64_t mean);

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }
  /// One item, uniformly. Requires: items is not empty.
  template <class T>
  const T& pick(const std::vector<T>& items) {
    ORDEAL_CHECK(!items.empty());
    return items[below(items.size())];
  }

  [[nodiscard]] std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_;
  std::array<std::uint64_t, 4> state_{};
};

/// 64-bit hash of bytes for seeds, chains and traces (FNV-1a, then a SplitMix64 finaliser). Stable for ever;
/// not for adversaries.
[[nodiscard]] std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace ordeal
