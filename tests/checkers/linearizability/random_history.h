#pragma once
// Random small histories of one register, from a register that is really atomic, with chosen lies.

#include "common/history.h"
#include "common/prng.h"

#include <cstdint>

namespace ordeal::testing {

struct RandomShape {
  std::uint32_t processes = 3;
  std::uint32_t operations = 8;
  std::uint32_t values = 3;         ///< size of the domain; 0: every written value is unique
  std::uint32_t unknown_of_16 = 2;  ///< completions that become info, or never come
  std::uint32_t lies_of_16 = 0;     ///< completions whose answer is not what the register did
  bool failed_cas_sees = false;     ///< a failed cas says what it saw, now and then
};

/// Well-formed. Without lies it is linearizable in the reading where a failed cas is a fact and nil is
/// absent.
[[nodiscard]] History random_history(Rng& rng, const RandomShape& shape);

}  // namespace ordeal::testing
