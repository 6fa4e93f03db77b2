#include "checkers/micro_op.h"

namespace ordeal {

std::optional<MicroOp> as_micro_op(const Value& value) {
  const Value::List* parts = value.as_list();
  if (parts == nullptr || parts->size() < 3 || parts->size() > 4) return std::nullopt;
  const std::string* word = parts->front().as_string();
  if (word == nullptr) return std::nullopt;
  const std::string_view f =
      word->starts_with(':') ? std::string_view(*word).substr(1) : std::string_view(*word);
  return MicroOp{.f = f,
                 .key = &(*parts)[1],
                 .value = &(*parts)[2],
                 .version = parts->size() == 4 ? &(*parts)[3] : nullptr};
}

}  // namespace ordeal
