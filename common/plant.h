#pragma once
// A planted bug: a named deviation of a core from its paper, off by default, so that the testbed itself can
// be tested.

#include <string_view>

namespace ordeal {

struct Plant {
  std::string_view id;         ///< R5
  std::string_view protocol;   ///< raft
  std::string_view text;       ///< the wrong line, in words
  std::string_view needs;      ///< the fault that brings it out
  std::string_view caught_by;  ///< invariant or checker that is expected to see it
  std::string_view origin;     ///< the real system or text that it comes from
};

}  // namespace ordeal
