#pragma once
// ORDEAL_CHECK: an assertion that is on in every build. For programmer errors only; what a user or a network
// can cause is a Result. One condition each, so that the message names the one that failed.

#include <string>

namespace ordeal {

/// Prints `file:line: check failed: condition`, with this thread's CheckContext, to standard error and
/// aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

/// What this thread is at while this lives, such as the seed without which the failure could not be repeated.
class CheckContext {
 public:
  explicit CheckContext(std::string what);
  CheckContext(const CheckContext&) = delete;
  CheckContext& operator=(const CheckContext&) = delete;
  ~CheckContext();

 private:
  std::string what_;
  const std::string* before_;
};

}  // namespace ordeal

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): the text of the condition and its place are wanted.
#define ORDEAL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::ordeal::check_failed(#condition, __FILE__, __LINE__))
