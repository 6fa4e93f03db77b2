#pragma once
// What `ordeal check --model` knows: names, and the checker that each stands for.

#include "checkers/checker.h"
#include "checkers/formats/formats.h"
#include "common/result.h"

#include <memory>
#include <string_view>
#include <vector>

namespace ordeal {

struct ModelInfo {
  std::string_view name;  ///< as --model takes it
  std::string_view text;  ///< for `ordeal list`
};

[[nodiscard]] const std::vector<ModelInfo>& list_models();

/// The checker of a model. `name` may end in `:VALUE`, the initial value of every key, in JSON:
/// `cas-register:0`. The error lists the names.
[[nodiscard]] Result<std::unique_ptr<Checker>> make_model_checker(std::string_view name);

/// The model that a file of this format usually means.
[[nodiscard]] std::string_view usual_model(HistoryFormat format);

}  // namespace ordeal
