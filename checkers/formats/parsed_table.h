#pragma once
// A history as columns, and what a person should know about how it was read.

#include "checkers/history_table.h"

#include <string>
#include <vector>

namespace ordeal {

struct ParsedTable {
  HistoryTable table;
  std::vector<std::string> notes;
};

}  // namespace ordeal
