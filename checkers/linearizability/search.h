#pragma once
// Searches for an order of one register's operations, by search_engine.h. Operations that only look are
// placed as soon as they fit; unknown operations are used only where they help; a value that nothing looks at
// any more is forgotten.

#include "checkers/linearizability/register_model.h"
#include "checkers/linearizability/search_result.h"

namespace ordeal {

[[nodiscard]] SearchResult search(const RegisterProblem& problem, const Budget& budget);

}  // namespace ordeal
