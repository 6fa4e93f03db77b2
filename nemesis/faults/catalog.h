#pragma once
// Every fault there is, by name. A new fault is a file beside this one and a line in catalog.cc.

#include "common/result.h"
#include "nemesis/faults/fault.h"

#include <string_view>
#include <vector>

namespace ordeal {

/// In the order in which `ordeal list` shows them.
[[nodiscard]] std::vector<std::string_view> fault_names();
/// Null when there is no such fault. Lives for ever.
[[nodiscard]] const Fault* find_fault(std::string_view name);
/// The fault's own check, or that there is no such fault and which there are.
[[nodiscard]] Status check_fault(const FaultRequest& request, std::uint32_t nodes);

}  // namespace ordeal
