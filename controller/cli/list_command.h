#pragma once
// `ordeal list WHAT`: bugs, faults, formats, models, protocols, workloads.

#include <string>
#include <vector>

namespace ordeal::cli {

[[nodiscard]] std::vector<std::string> list_topics();
/// Requires: one of list_topics(). Lines to print.
[[nodiscard]] std::string list_text(const std::string& topic);

}  // namespace ordeal::cli
