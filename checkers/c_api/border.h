#pragma once
// The border between C++ and C: errors and exceptions become a code and a text, and handles are looked at.

#include "checkers/c_api/ordeal_checkers.h"
#include "common/result.h"

#include <string_view>

namespace ordeal::c_api {

/// Gives the code of the error, and its text in *message, unless that is null.
[[nodiscard]] ordeal_code hand_over(const Error& error, char** message) noexcept;
/// The same of the exception that is being handled.
[[nodiscard]] ordeal_code hand_over_exception(char** message) noexcept;

/// Runs `body`, which gives a Status: the whole of a function of the C API.
template <class Body>
[[nodiscard]] ordeal_code guarded(char** message, const Body& body) noexcept {
  if (message != nullptr) *message = nullptr;
  try {
    const Status status = body();
    return status.ok() ? ORDEAL_OK : hand_over(status.error(), message);
  } catch (...) {
    return hand_over_exception(message);
  }
}

/// The error of an argument that is null.
[[nodiscard]] Error null_argument(std::string_view name);

}  // namespace ordeal::c_api
