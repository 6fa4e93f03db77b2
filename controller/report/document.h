#pragma once
// The small JSON documents of a run (run.json, verdict.json, live.json): their frame, and lenient access to
// members.

#include "common/result.h"
#include "common/value.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::report {

/// One member a line, since people read these files; `format` is added.
[[nodiscard]] std::string print_document(Value::Map members);
/// An object whose `format` is kFormatVersion. `what` names the file in messages. kCorruption otherwise.
[[nodiscard]] Result<Value::Map> parse_document(std::string_view text, std::string_view what);

/// The member, or a default of its type when it is absent or of another kind.
[[nodiscard]] std::string text_member(const Value::Map& map, std::string_view name);
[[nodiscard]] std::int64_t int_member(const Value::Map& map, std::string_view name);
[[nodiscard]] std::uint64_t count_member(const Value::Map& map, std::string_view name);
[[nodiscard]] bool bool_member(const Value::Map& map, std::string_view name);
[[nodiscard]] std::vector<std::string> texts_member(const Value::Map& map, std::string_view name);
[[nodiscard]] Value any_member(const Value::Map& map, std::string_view name);
/// Those items of a list that are maps.
[[nodiscard]] std::vector<Value::Map> maps_member(const Value::Map& map, std::string_view name);
[[nodiscard]] Value::Map map_member(const Value::Map& map, std::string_view name);

[[nodiscard]] Value texts_value(const std::vector<std::string>& texts);
[[nodiscard]] Value count_value(std::uint64_t count);

}  // namespace ordeal::report
