#pragma once
// ORDEAL_CHECK: an assertion that is on in every build. For programmer errors only; what a user or a network
// can cause is a Result. One condition each, so that the message names the one that failed.

namespace ordeal {

/// Prints `file:line: check failed: condition` to standard error and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace ordeal

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): the text of the condition and its place are wanted.
#define ORDEAL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::ordeal::check_failed(#condition, __FILE__, __LINE__))
