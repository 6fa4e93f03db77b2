#pragma once
// How much a comparison with a naive twin covers. By default each test has a fixed seed and size; for a
// longer run, ORDEAL_FUZZ_SEED and ORDEAL_FUZZ_HISTORIES say others.

#include <cstdint>
#include <cstdlib>
#include <string>

namespace ordeal::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kFuzzDivisor = 10;
#else
inline constexpr std::uint64_t kFuzzDivisor = 1;
#endif

struct FuzzRange {
  std::uint64_t seed = 0;
  std::uint64_t histories = 0;
};

[[nodiscard]] inline FuzzRange fuzz_range(std::uint64_t seed, std::uint64_t histories) {
  const char* const other_seed = std::getenv("ORDEAL_FUZZ_SEED");
  const char* const other_size = std::getenv("ORDEAL_FUZZ_HISTORIES");
  return {.seed = other_seed != nullptr ? std::stoull(other_seed) : seed,
          .histories = other_size != nullptr ? std::stoull(other_size) : histories / kFuzzDivisor};
}

}  // namespace ordeal::testing
