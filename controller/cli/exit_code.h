#pragma once
// Exit codes of the `ordeal` program (docs/ARCHITECTURE.md, section 7).

namespace ordeal::cli {

inline constexpr int kExitValid = 0;
inline constexpr int kExitInvalid = 1;
inline constexpr int kExitUnknown = 2;  ///< unknown or vacuous: nothing was shown
inline constexpr int kExitArguments = 254;
inline constexpr int kExitInternal = 255;

/// Of several runs the code that matters most: 1 outranks 255, 255 outranks 2, 2 outranks 0. 254 outranks
/// all: nothing was run.
[[nodiscard]] int worst_exit(int a, int b);

}  // namespace ordeal::cli
