#include "nemesis/faults/catalog.h"

#include "nemesis/faults/kill.h"
#include "nemesis/faults/partition.h"
#include "nemesis/faults/pause.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace ordeal {
namespace {

const std::array<const Fault*, 3>& all_faults() {
  static const Partition partition;
  static const Kill kill;
  static const Pause pause;
  static const std::array<const Fault*, 3> all{&partition, &kill, &pause};
  return all;
}

}  // namespace

std::vector<std::string_view> fault_names() {
  std::vector<std::string_view> names;
  for (const Fault* fault : all_faults()) names.push_back(fault->name());
  return names;
}

const Fault* find_fault(std::string_view name) {
  for (const Fault* fault : all_faults()) {
    if (fault->name() == name) return fault;
  }
  return nullptr;
}

Status check_fault(const FaultRequest& request, std::uint32_t nodes) {
  const Fault* fault = find_fault(request.fault);
  if (fault != nullptr) return fault->check(request, nodes);
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("unknown fault '{}'; allowed: {}", request.fault, fmt::join(fault_names(), ", "))};
}

}  // namespace ordeal
