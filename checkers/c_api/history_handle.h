#pragma once
// What is behind an ordeal_history.

#include "checkers/c_api/ordeal_checkers.h"
#include "checkers/driver/load_history.h"

#include <string>

// NOLINTNEXTLINE(readability-identifier-naming): the name of C.
struct ordeal_history {
  ordeal::LoadedHistory loaded;
  bool well_formed = false;  ///< known to be: cleared by each event
  bool whole = true;         ///< cleared for good when memory ran out within an event
  std::string format;        ///< its name
  std::string notes;         ///< one a line
};
