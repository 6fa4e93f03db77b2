#pragma once
// A fault in a few words, for the live line and the log.

#include "common/environment.h"

#include <string>

namespace ordeal {

/// "kill n1,n3"; "partition n1 | n2,n3" when two sides are cut both ways and whole, else the pairs:
/// "partition n1>n2".
[[nodiscard]] std::string describe(const FaultSpec& spec);

}  // namespace ordeal
