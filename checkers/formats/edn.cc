#include "checkers/formats/edn.h"

#include <fmt/format.h>

#include <utility>

#include "checkers/formats/edn_text.h"
#include "checkers/formats/foreign_ops.h"

namespace ordeal {
namespace {

/// The map of an operation; also of a record, which Clojure writes as a tagged map.
Value::Map* find_members(Value& form) {
  Value::Map* map = form.as_map();
  if (map == nullptr || map->size() != 1 || !map->begin()->first.starts_with('#')) return map;
  return map->begin()->second.as_map();
}

}  // namespace

Result<ParsedHistory> parse_edn_history(std::string_view text, EdnValues values) {
  Result<std::vector<EdnForm>> forms = parse_edn_items(text);
  if (!forms.ok()) return forms.error();
  ForeignOps ops;
  std::size_t position = 0;
  for (EdnForm& form : *forms) {
    Value::Map* members = find_members(form.value);
    if (members == nullptr) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("line {}: expected a map, such as {{:process 0, :type "
                               ":invoke, :f :read, :value nil}}, but it is {}",
                               form.line, quote_briefly(form.value))};
    }
    Result<JepsenOp> read = read_jepsen_op(std::move(*members), position++, JepsenSyntax::kEdn, values);
    if (!read.ok())
      return Error{read.error().code, fmt::format("line {}: {}", form.line, read.error().message)};
    ops.add(std::move(read->op), read->time);
  }
  return std::move(ops).finish();
}

}  // namespace ordeal
