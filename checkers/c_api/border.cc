#include "checkers/c_api/border.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>

namespace ordeal::c_api {
namespace {

ordeal_code code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return ORDEAL_INVALID_ARGUMENT;
    case ErrorCode::kNotFound:
      return ORDEAL_NOT_FOUND;
    case ErrorCode::kUnsupported:
      return ORDEAL_UNSUPPORTED;
    case ErrorCode::kUnavailable:
      return ORDEAL_UNAVAILABLE;
    case ErrorCode::kResourceExhausted:
      return ORDEAL_RESOURCE_EXHAUSTED;
    case ErrorCode::kCorruption:
      return ORDEAL_CORRUPTION;
    case ErrorCode::kPermissionDenied:
      return ORDEAL_PERMISSION_DENIED;
    case ErrorCode::kIndeterminate:
    case ErrorCode::kInternal:
      return ORDEAL_INTERNAL;
  }
  return ORDEAL_INTERNAL;
}

/// Memory of malloc, since C frees it; null when there is none.
void set_text(std::string_view text, char** message) {
  if (message == nullptr) return;
  *message = static_cast<char*>(std::malloc(text.size() + 1));
  if (*message == nullptr) return;
  std::memcpy(*message, text.data(), text.size());
  (*message)[text.size()] = '\0';
}

}  // namespace

ordeal_code hand_over(const Error& error, char** message) noexcept {
  set_text(error.message, message);
  return code_of(error.code);
}

ordeal_code hand_over_exception(char** message) noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    set_text("out of memory", message);
    return ORDEAL_RESOURCE_EXHAUSTED;
  } catch (const std::length_error&) {
    set_text("longer than memory can hold", message);
    return ORDEAL_RESOURCE_EXHAUSTED;
  } catch (const std::exception& exception) {
    set_text(exception.what(), message);
    return ORDEAL_INTERNAL;
  } catch (...) {
    set_text("an exception of unknown type", message);
    return ORDEAL_INTERNAL;
  }
}

Error null_argument(std::string_view name) {
  return invalid_argument(fmt::format("{} is NULL", name));
}

}  // namespace ordeal::c_api

extern "C" {

int32_t ordeal_checkers_version(void) {
  return 1000 * ORDEAL_CHECKERS_MAJOR + ORDEAL_CHECKERS_MINOR;
}

void ordeal_text_free(char* text) {
  std::free(text);
}

}  // extern "C"
