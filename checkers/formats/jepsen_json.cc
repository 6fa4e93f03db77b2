#include "checkers/formats/jepsen_json.h"

#include <fmt/format.h>

#include <utility>

#include "checkers/formats/foreign_ops.h"
#include "checkers/formats/jepsen_op.h"
#include "checkers/formats/json_objects.h"

namespace ordeal {

Result<ParsedHistory> parse_jepsen_json(std::string_view text) {
  JsonObjects objects(text);
  ForeignOps ops;
  for (std::size_t position = 0;; ++position) {
    Result<std::optional<JsonObject>> object = objects.next();
    if (!object.ok()) return object.error();
    if (!*object) return std::move(ops).finish();
    JsonObject& found = **object;
    Result<JepsenOp> read = read_jepsen_op(std::move(found.members), position, JepsenSyntax::kJson);
    if (!read.ok())
      return Error{read.error().code, fmt::format("line {}: {}", found.line, read.error().message)};
    ops.add(std::move(read->op), read->time);
  }
}

}  // namespace ordeal
