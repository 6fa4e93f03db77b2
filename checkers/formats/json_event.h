#pragma once
// One line of the usual form, in one pass: plain ASCII strings without escapes, integers, scalars or pairs of
// them as values. Whatever else JSON allows is for the reader that knows all of it.

#include "checkers/history_table.h"

#include <cstdint>
#include <string_view>

namespace ordeal {

/// Adds the event to the table if the line is of the usual form. False: it is not, and nothing was added.
/// `index` is what its index has to be.
bool add_plain_event(std::string_view line, std::int64_t index, HistoryTable& table);

}  // namespace ordeal
