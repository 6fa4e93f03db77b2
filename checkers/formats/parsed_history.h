#pragma once
// What every reader gives: the history, and what a person should know about how it was read.

#include "common/history.h"

#include <string>
#include <vector>

namespace ordeal {

struct ParsedHistory {
  History history;
  std::vector<std::string> notes;  ///< "the last line is incomplete and was dropped"
};

}  // namespace ordeal
