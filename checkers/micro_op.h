#pragma once
// Micro-operations, as Jepsen writes transactions: [F KEY VALUE], and [F KEY VALUE VERSION] where the server
// says which version of the key that value is.

#include "common/value.h"

#include <optional>
#include <string_view>

namespace ordeal {

struct MicroOp {
  std::string_view f;  ///< without the colon of EDN's keywords
  const Value* key = nullptr;
  const Value* value = nullptr;
  const Value* version = nullptr;  ///< null: not said
};

/// Nothing when the value is no list of three or four that begins with a word. Valid as long as the value.
[[nodiscard]] std::optional<MicroOp> as_micro_op(const Value& value);

}  // namespace ordeal
