#pragma once
// Unique ids: `generate` returns an id that no other has returned.

#include "checkers/checker.h"

#include <memory>

namespace ordeal {

/// Named "unique-ids". O(n).
[[nodiscard]] std::unique_ptr<Checker> make_unique_ids_checker();

}  // namespace ordeal
