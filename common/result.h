#pragma once
// Result<T>: a value or an Error, for everything that can go wrong without a programmer's mistake. The
// message says what to do. C++20 has no std::expected.

#include "common/check.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ordeal {

enum class ErrorCode {
  kInvalidArgument,  ///< what the caller gave is wrong: flag, plan, request, history
  kNotFound,
  kUnsupported,    ///< this machine, kernel or system cannot do it; the message says why and what to install
  kUnavailable,    ///< not now: no leader, busy, connection refused; nothing happened
  kIndeterminate,  ///< nobody knows whether it happened: the operation becomes info
  kResourceExhausted,  ///< disk, memory, budget, port
  kCorruption,         ///< stored bytes are not what was written
  kPermissionDenied,
  kInternal,
};

/// "invalid argument" and the like.
[[nodiscard]] std::string_view to_text(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

[[nodiscard]] inline Error invalid_argument(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: meant to convert
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: meant to convert

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Requires: ok().
  [[nodiscard]] const T& value() const& { return ORDEAL_CHECK(ok()), std::get<0>(state_); }
  [[nodiscard]] T& value() & { return ORDEAL_CHECK(ok()), std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return ORDEAL_CHECK(ok()), std::get<0>(std::move(state_)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  /// Requires: !ok().
  [[nodiscard]] const Error& error() const { return ORDEAL_CHECK(!ok()), std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT: meant to convert

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  /// Requires: !ok().
  [[nodiscard]] const Error& error() const { return ORDEAL_CHECK(!ok()), *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace ordeal
