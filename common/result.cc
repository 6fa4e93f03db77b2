#include "common/result.h"

namespace ordeal {

std::string_view to_text(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid argument";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kIndeterminate:
      return "indeterminate";
    case ErrorCode::kResourceExhausted:
      return "resource exhausted";
    case ErrorCode::kCorruption:
      return "corruption";
    case ErrorCode::kPermissionDenied:
      return "permission denied";
    case ErrorCode::kInternal:
      return "internal error";
  }
  return "internal error";
}

}  // namespace ordeal
